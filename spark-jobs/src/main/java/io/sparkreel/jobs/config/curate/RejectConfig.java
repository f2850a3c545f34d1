// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.clip.VerdictRule;
import io.sparkreel.bucketing.curate.clip.VerdictRule.Reason;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;
import java.util.ArrayList;
import java.util.List;

/**
 * Thresholds that speak against a clip; null: never. They are applied to what is stored, and open no video.
 *
 * @param black largest share of black frames
 * @param blackPicture share of black pixels from which a frame is black
 * @param frozen largest share of frozen frames
 * @param frozenTime seconds without change from which frames are frozen
 * @param bars largest share of the picture that bars may take
 * @param barSide share of a side from which what is dark along it is a bar
 * @param cropBars whether a clip gets a crop box that leaves out bars
 * @param dark least mean luma, 0 to 255
 * @param bright largest mean luma, 0 to 255
 * @param blurred least sharpness, as a share of the median of the same video
 * @param still least motion, in levels a frame
 * @param combed largest share of interlaced frames
 * @param tooShort least seconds
 * @param mixedShot largest number of the 64 bits in which perceptual hashes near begin and end may differ
 * @param damaged largest share of damaged frames
 */
public record RejectConfig(
        @Default("0.1") Double black,
        @Default("0.98") double blackPicture,
        @Default("0.5") Double frozen,
        @Default("0.5") double frozenTime,
        @Default("0.5") Double bars,
        @Default("0.02") double barSide,
        @Default("true") boolean cropBars,
        @Default("25.0") Double dark,
        @Default("230.0") Double bright,
        @Default("0.25") Double blurred,
        @Default("0.1") Double still,
        @Default("0.1") Double combed,
        @Default("2.0") Double tooShort,
        @Default("null") Double mixedShot,
        @Default("0.0") Double damaged)
        implements Section {
    public RejectConfig {
        share("black", black);
        Check.fraction("black_picture", blackPicture);
        share("frozen", frozen);
        Check.that(frozenTime > 0, "frozen_time", frozenTime, "a number above 0");
        share("bars", bars);
        Check.fraction("bar_side", barSide);
        share("combed", combed);
        share("damaged", damaged);
    }

    private static void share(String key, Double value) {
        if (value != null) {
            Check.fraction(key, value);
        }
    }

    /** The rules that have a threshold. */
    public List<VerdictRule> rules() {
        List<VerdictRule> rules = new ArrayList<>();
        add(rules, Reason.BLACK, black);
        add(rules, Reason.FROZEN, frozen);
        add(rules, Reason.BARS, bars);
        add(rules, Reason.DARK, dark);
        add(rules, Reason.BRIGHT, bright);
        add(rules, Reason.BLURRED, blurred);
        add(rules, Reason.STILL, still);
        add(rules, Reason.COMBED, combed);
        add(rules, Reason.TOO_SHORT, tooShort);
        add(rules, Reason.MIXED_SHOT, mixedShot);
        add(rules, Reason.DAMAGED, damaged);
        return rules;
    }

    private static void add(List<VerdictRule> rules, Reason reason, Double threshold) {
        if (threshold != null) {
            rules.add(new VerdictRule(reason, threshold));
        }
    }
}
