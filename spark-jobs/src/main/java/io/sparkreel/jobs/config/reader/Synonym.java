// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Names that other trainers use for a key: the refusal of an unknown key proposes the key for them. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Repeatable(Synonym.List.class)
public @interface Synonym {
    /** Last name of the key, in whichever section. */
    String key();

    /** The other names. */
    String[] names();

    /** Several of them. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.TYPE)
    @interface List {
        Synonym[] value();
    }
}
