// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.clip;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A reason that speaks against a clip: a measure beyond a threshold. It exists as this data alone, which is evaluated
 * here clip by clip, and as columns by Spark.
 *
 * @param reason what it is called
 * @param threshold in the unit of the reason's measure
 */
public record VerdictRule(Reason reason, double threshold) {

    /** What can speak against a clip. */
    public enum Reason {
        /** Too many black frames. */
        BLACK(Measure.BLACK, true),
        /** Too many frozen frames. */
        FROZEN(Measure.FROZEN, true),
        /** Bars that take too much of the picture. */
        BARS(Measure.BARS, true),
        /** Too dark. */
        DARK(Measure.LUMA, false),
        /** Too bright. */
        BRIGHT(Measure.LUMA, true),
        /** Much less sharp than the rest of the video. */
        BLURRED(Measure.SHARPNESS_RATIO, false),
        /** Too little motion. */
        STILL(Measure.MOTION, false),
        /** Too many interlaced frames. */
        COMBED(Measure.COMBED, true),
        /** Too short. */
        TOO_SHORT(Measure.SECONDS, false),
        /** Beginning and end do not look alike. */
        MIXED_SHOT(Measure.HASH_DRIFT, true),
        /** Too many damaged frames. */
        DAMAGED(Measure.DAMAGED, true);

        private final Measure measure;
        private final boolean above;

        Reason(Measure measure, boolean above) {
            this.measure = measure;
            this.above = above;
        }

        /** What is compared with the threshold. */
        public Measure measure() {
            return measure;
        }

        /** Whether values above the threshold speak against the clip, or those below it. */
        public boolean above() {
            return above;
        }

        /** The word in tables. */
        public String tableValue() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether the rule speaks against a clip; what was not measured does not. */
    public boolean speaksAgainst(Map<Measure, Double> measured) {
        double value = measured.get(reason.measure);
        return reason.above ? value > threshold : value < threshold;
    }

    /** All reasons against a clip, in the order of {@link Reason}. */
    public static List<Reason> against(List<VerdictRule> rules, Map<Measure, Double> measured) {
        return Arrays.stream(Reason.values())
                .filter(reason ->
                        rules.stream().anyMatch(rule -> rule.reason == reason && rule.speaksAgainst(measured)))
                .toList();
    }
}
