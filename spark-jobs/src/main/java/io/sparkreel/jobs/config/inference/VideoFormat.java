// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

/** {@code video_format}: the files of clips of several frames; a single frame is a png in any case. */
public enum VideoFormat {
    /** h264 */
    MP4,
    GIF
}
