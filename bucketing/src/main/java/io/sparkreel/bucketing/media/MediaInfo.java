// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

/**
 * What the headers of a file say.
 *
 * @param kind video or image
 * @param width displayed width in pixels, after rotation
 * @param height displayed height in pixels, after rotation
 * @param rotation degrees counter-clockwise from the display matrix, in (-180, 180]; 0 for images,
 *     whose EXIF orientation the reference ignores
 * @param numFrames number of frames; 1 for images
 * @param fps average frames per second, 0 for images
 * @param durationSeconds duration of the stream, 0 for images
 * @param codec FFmpeg's name of the codec, such as {@code h264}
 * @param keyframeInterval longest run of frames from one keyframe to the next, 0 when the tables
 *     read did not tell
 * @param stored the file's own numbers; null where the file was not opened
 */
public record MediaInfo(
        MediaKind kind,
        int width,
        int height,
        int rotation,
        int numFrames,
        double fps,
        double durationSeconds,
        String codec,
        int keyframeInterval,
        Stored stored) {

    /**
     * What the headers say of the file itself, which other programs give in place of what is shown.
     *
     * @param width of the stored pictures, neither stretched nor turned
     * @param height of the stored pictures
     * @param packets in which they are stored
     */
    public record Stored(int width, int height, int packets) {}
}
