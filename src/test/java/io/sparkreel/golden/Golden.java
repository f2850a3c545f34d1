// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.golden;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test against golden data, which are handed to it where it has a parameter {@link GoldenData}. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("golden")
@ExtendWith(GoldenExtension.class)
public @interface Golden {}
