// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import java.util.Objects;

/**
 * How thorough a probe is.
 *
 * @param frameCount how the number of frames is found
 * @param verify what is decoded
 * @param pictures what width and height are reported
 */
public record ProbeOptions(FrameCount frameCount, Verify verify, PictureRules pictures) {

    /** How hard to look for the number of frames. */
    public enum FrameCount {
        /** From the sample table where there is one, else by walking through the file's packets. */
        EXACT,
        /** From headers only; where they do not tell, duration times frame rate. */
        HEADER
    }

    /** Exact frame counts, nothing decoded. */
    public static final ProbeOptions DEFAULT = new ProbeOptions(FrameCount.EXACT, Verify.NONE);

    public ProbeOptions {
        Objects.requireNonNull(frameCount, "frameCount");
        Objects.requireNonNull(verify, "verify");
        Objects.requireNonNull(pictures, "pictures");
    }

    /** Sizes as a viewer shows them. */
    public ProbeOptions(FrameCount frameCount, Verify verify) {
        this(frameCount, verify, PictureRules.SHOWN);
    }
}
