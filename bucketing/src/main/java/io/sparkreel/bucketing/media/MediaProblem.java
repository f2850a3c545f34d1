// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import java.util.Locale;

/** Why a file was put aside. */
public enum MediaProblem {
    /** No supported container or image format begins here. */
    NOT_MEDIA,
    /** A container without moving or still pictures, such as a sound file. */
    NO_VIDEO_STREAM,
    /** A picture stream without a single frame. */
    NO_FRAMES,
    /** Neither the headers nor the first frames tell width and height. */
    NO_SIZE,
    /** A picture of more pixels than 2^26 (67 million). */
    TOO_LARGE,
    /** No decoder for the stream's codec. */
    UNSUPPORTED_CODEC,
    /** The container's own tables speak of bytes or frames that the file does not have. */
    TRUNCATED,
    /** The compressed pictures are damaged. */
    DECODE_ERROR,
    /** The storage failed while the file was read. */
    READ_ERROR,
    /** The process that opened this file before died while it was open. */
    NATIVE_CRASH;

    /** The value of the column {@code reason} of the quarantine table. */
    public String tableValue() {
        return name().toLowerCase(Locale.ROOT);
    }
}
