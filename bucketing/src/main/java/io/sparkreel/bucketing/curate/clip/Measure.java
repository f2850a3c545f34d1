// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.clip;

import java.util.Locale;

/** What is measured of a clip: a column of the table of clips, of doubles; null (NaN here) where nothing tells. */
public enum Measure {
    /** Length in seconds. */
    SECONDS("s"),
    /** Share of black frames, 0 to 1. */
    BLACK("share of frames"),
    /** Share of frozen frames, 0 to 1. */
    FROZEN("share of frames"),
    /** Mean luma, 0 to 255. */
    LUMA("levels"),
    /** Mean of the 10th percentiles of luma, 0 to 255. */
    LUMA_LOW("levels"),
    /** Mean of the 90th percentiles of luma, 0 to 255. */
    LUMA_HIGH("levels"),
    /** Mean change of blurred luma from frame to frame, in levels. */
    MOTION("levels a frame"),
    /** Median variance of the Laplacian. */
    SHARPNESS("variance"),
    /** The clip's median sharpness over that of its video. */
    SHARPNESS_RATIO("times the video's"),
    /** Share of the frames that were looked at, and tell, which hold two fields of different times. */
    COMBED("share of samples"),
    /** Share of the picture's area that bars take. */
    BARS("share of the area"),
    /** Bits of 64 in which perceptual hashes near the beginning and near the end differ. */
    HASH_DRIFT("bits of 64"),
    /** Share of frames that are damaged. */
    DAMAGED("share of frames");

    private final String unit;

    Measure(String unit) {
        this.unit = unit;
    }

    /** What one of it is. */
    public String unit() {
        return unit;
    }

    /** Its column. */
    public String column() {
        return name().toLowerCase(Locale.ROOT);
    }
}
