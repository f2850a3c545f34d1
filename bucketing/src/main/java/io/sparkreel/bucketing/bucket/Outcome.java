// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import java.util.Locale;

/** What the rule did with a clip. Every clip has exactly one outcome. */
public enum Outcome {
    /** It is in a bucket. */
    ASSIGNED,
    /** No configured resolution admits so few pixels. */
    TOO_SMALL,
    /** A video, and no resolution that admits it has a frame count that it exceeds. */
    TOO_SHORT,
    /** An image, and no resolution that admits it takes images. */
    NO_IMAGE_BUCKET,
    /** It fits only entries whose keep probability is 0. */
    BARRIER,
    /** Every draw went against it. */
    KEEP_PROB;

    /** The name in reports and tables. */
    public String tableValue() {
        return name().toLowerCase(Locale.ROOT);
    }
}
