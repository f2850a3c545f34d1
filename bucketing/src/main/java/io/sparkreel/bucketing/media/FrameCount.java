// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

/** How hard to look for the number of frames. */
public enum FrameCount {
    /** From the sample table where there is one, else by walking through the file's packets. */
    EXACT,
    /** From headers only; where they do not tell, duration times frame rate. */
    HEADER
}
