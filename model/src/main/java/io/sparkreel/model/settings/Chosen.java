// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A section whose record is chosen by its key {@code type}, among those that extensions bring as {@link SectionRecord}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Chosen {
    /**
     * The type whose record reads a section that names none, or one that no record is for, which it then refuses; empty
     * where the key must be given.
     */
    String otherwise() default "";
}
