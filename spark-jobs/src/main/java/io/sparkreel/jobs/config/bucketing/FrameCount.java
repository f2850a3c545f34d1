// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.bucketing;

import io.sparkreel.jobs.config.reader.Choice;

/** {@code frame_count}: exact counts, which may read a whole file, or what the header says. */
public enum FrameCount implements Choice {
    EXACT,
    HEADER
}
