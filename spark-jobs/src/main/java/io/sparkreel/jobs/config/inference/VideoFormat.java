// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

import io.sparkreel.jobs.config.reader.Choice;

/** {@code video_format}: the files of clips of several frames; a single frame is a png in any case. */
public enum VideoFormat implements Choice {
    /** h264 */
    MP4,
    GIF
}
