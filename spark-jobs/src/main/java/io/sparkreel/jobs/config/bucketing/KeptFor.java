// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.bucketing;

import io.sparkreel.model.settings.Check;
import java.time.Duration;
import org.apache.spark.network.util.JavaUtils;

/** The key {@code keep_replaced}. */
public final class KeptFor {
    private KeptFor() {}

    /**
     * How long the tables of a replaced run stay.
     *
     * @param time such as 24h, 30min or 0s
     */
    public static Duration parse(String time) {
        long seconds = -1;
        try {
            seconds = JavaUtils.timeStringAsSec(time);
        } catch (NumberFormatException e) {
            // told below
        }
        Check.that(seconds >= 0, "keep_replaced", time, "a time such as 24h, 30min or 0s");
        return Duration.ofSeconds(seconds);
    }
}
