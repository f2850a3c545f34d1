// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.bucketing;

/** {@code draw}: where the random number of a keep_prob decision comes from. */
public enum DrawKind {
    /** A hash of seed, epoch, clip and bucket: the same whatever the order of the clips. */
    KEYED,
    /** The generator of Open-Sora, seeded by the row number: its decisions clip for clip. */
    NUMPY
}
