// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

/** How much to decode before believing a file. */
public enum Verify {
    NONE,
    /** The first and the last frame. */
    EDGES,
    /** Every frame. */
    FULL
}
