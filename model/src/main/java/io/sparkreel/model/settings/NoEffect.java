// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A key of other programs' configurations without effect here, on the record of its section: it is accepted, and a log
 * line says what replaces it.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Repeatable(NoEffect.List.class)
public @interface NoEffect {
    /** The key, in snake_case, beside those of the record. */
    String key();

    /** What does its work here, as the end of a sentence. */
    String instead();

    /** Several of them. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.TYPE)
    @interface List {
        NoEffect[] value();
    }
}
