// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A record that reads as a YAML list of its components, in order. Boxed components may be null. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Tuple {
    /** What to give, for errors: "a height and a width, such as [240, 426]". */
    String value();
}
