// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import java.util.Objects;

/**
 * How thorough a probe is.
 *
 * @param frameCount how the number of frames is found
 * @param verify what is decoded
 */
public record ProbeOptions(FrameCount frameCount, Verify verify) {

    /** Exact frame counts, nothing decoded. */
    public static final ProbeOptions DEFAULT = new ProbeOptions(FrameCount.EXACT, Verify.NONE);

    public ProbeOptions {
        Objects.requireNonNull(frameCount, "frameCount");
        Objects.requireNonNull(verify, "verify");
    }
}
