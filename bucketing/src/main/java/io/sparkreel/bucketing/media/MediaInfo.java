// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import io.sparkreel.bucketing.media.scale.Size;
import java.util.Locale;

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
     * @param counted whether frames were counted, not estimated
     * @param display how the stored pictures are shown
     */
    public record Stored(int width, int height, int packets, boolean counted, Display display) {}

    /**
     * What a part of this file is. Its duration is that of as many frames of the whole.
     *
     * @throws InvalidInputException when the file does not hold the part
     */
    public MediaInfo of(Excerpt part) {
        FrameRange range = part.frames();
        if (range != null && range.end() > numFrames && stored.counted) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT, "frames %d to %d: the file has %d frames", range.start(), range.end(), numFrames));
        }
        int frames = range == null ? numFrames : range.length();
        Size shown = new Size(height, width);
        if (part.crop() != null) {
            boolean turned = stored.display.orientation().swapAxes();
            int uprightWidth = turned ? stored.height : stored.width;
            int uprightHeight = turned ? stored.width : stored.height;
            if (!part.crop().fits(uprightWidth, uprightHeight)) {
                throw new InvalidInputException(String.format(
                        Locale.ROOT,
                        "the crop box %s is not within pictures of %dx%d",
                        part.crop(),
                        uprightWidth,
                        uprightHeight));
            }
            shown = stored.display.shown(part.crop().width(), part.crop().height());
        }
        return new MediaInfo(
                kind,
                shown.width(),
                shown.height(),
                rotation,
                frames,
                fps,
                durationSeconds * frames / numFrames,
                codec,
                keyframeInterval,
                stored);
    }
}
