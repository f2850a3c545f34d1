// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The value of a key that is absent, as YAML. Without a default a key must be given, unless it is a section whose own
 * keys all have defaults. A key may be null where its type is boxed or its default is null; {@code auto} is another
 * word for null where it is the default.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Default {
    String value();
}
