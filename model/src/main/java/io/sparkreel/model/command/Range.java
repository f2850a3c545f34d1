// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.command;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.AnnotatedElement;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import picocli.CommandLine.Model.ArgSpec;

/** The bounds of an option that is a number. Without it a number is at least 1. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
public @interface Range {
    /** The least value that is accepted. */
    double least() default 1;

    /** The greatest value that is accepted. */
    double most() default 1e9;

    /** The bounds of one option, as numbers. */
    record Bounds(double least, double most) {
        private static final double ANY = 1e9;

        static Bounds of(ArgSpec argument) {
            Range range =
                    argument.userObject() instanceof AnnotatedElement field ? field.getAnnotation(Range.class) : null;
            return range == null ? new Bounds(1, ANY) : new Bounds(range.least(), range.most());
        }

        boolean hold(Number number) {
            return number.doubleValue() >= least && number.doubleValue() <= most;
        }

        /** As a message goes on after "a number". */
        @Override
        public String toString() {
            return most == ANY ? " of at least " + text(least) : " from " + text(least) + " to " + text(most);
        }

        private static String text(double bound) {
            return new DecimalFormat("#.######", DecimalFormatSymbols.getInstance(Locale.ROOT)).format(bound);
        }
    }
}
