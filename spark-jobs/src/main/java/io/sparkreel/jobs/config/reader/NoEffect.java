// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A key of Open-Sora's configurations without effect here: it is accepted, and a log line says what replaces it. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Repeatable(NoEffect.List.class)
public @interface NoEffect {
    /** Dotted path of the key, of at most one section. */
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
