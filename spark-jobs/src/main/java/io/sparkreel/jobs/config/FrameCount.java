// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/** {@code frame_count}: exact counts, which may read a whole file, or what the header says. */
public enum FrameCount implements Choice {
    EXACT,
    HEADER
}
