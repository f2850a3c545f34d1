// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What a run counts from its first step on, and finds again after a resume: an unbroken run and a resumed one stop for
 * the same reasons after the same step.
 *
 * @param clips of all steps that are done, as planned
 * @param clipsRead those of them that could be read
 * @param skippedInARow steps up to the last one that were skipped, one after the other, since their loss or gradient was
 *     not finite
 */
public record RunCounts(
        @JsonProperty("clips") long clips,
        @JsonProperty("clips_read") long clipsRead,
        @JsonProperty("skipped_in_a_row") int skippedInARow) {
    /** Those of a run that has taken no step. */
    public static final RunCounts NONE = new RunCounts(0, 0, 0);
}
