// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.bucketing;

import io.sparkreel.jobs.config.reader.Choice;

/** {@code verify}: how much of each clip the bucketing job decodes to see that it can be decoded. */
public enum Verification implements Choice {
    NONE,
    /** The first and the last frame. */
    EDGES,
    FULL
}
