// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A part of a film shows what the whole film shows there. */
class RangeReadTest {

    private static final ClipReader.Target SMALL =
            new ClipReader.Target(FrameTransform.RESIZE_CROP, 32, 48, PictureRules.SHOWN);

    private static DecodedClip all(MediaSource source, Excerpt part) throws Exception {
        return ClipReader.readAll(source, MediaKind.VIDEO, part, SMALL, 1L << 28)
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "av1.mp4",
                "edit-list.mp4",
                "flash.flv",
                "fragmented.mp4",
                "hevc.mp4",
                "lying-header.avi",
                "matroska.mkv",
                "mid-gop.ts",
                "moving.gif",
                "moving.png",
                "mpeg4.avi",
                "open-gop-cut.mkv",
                "plain.mp4",
                "program-stream.mpg",
                "rotated-90.mp4",
                "theora.ogg",
                "trailing-moov.mov",
                "transport-stream.ts",
                "variable-rate.mp4",
                "vp8-altref.webm",
                "vp8.webm",
                "vp9-hidden-packets.mkv",
                "vp9.webm",
                "h264-field-packets.ts",
                "cue-at-no-keyframe.webm",
                "with-sound.mp4"
            })
    void everyFrameIsFoundFromItsNumber(String name) throws Exception {
        try (MediaSource source = TestMedia.small(name)) {
            PixelClip whole = all(source, Excerpt.WHOLE).frames();
            int values = 3 * 32 * 48;
            for (int start = 0; start < whole.frames(); start++) {
                int end = Math.min(whole.frames(), start + 3);
                Excerpt part = new Excerpt(new FrameRange(start, end), null);
                float[] expected = Arrays.copyOfRange(whole.values(), start * values, end * values);
                assertArrayEquals(expected, all(source, part).frames().values(), name + " from " + start);
                Excerpt rest = new Excerpt(new FrameRange(0, whole.frames() + 10), null);
                PixelClip one = ClipReader.read(source, MediaKind.VIDEO, rest, new int[] {start}, SMALL);
                assertArrayEquals(Arrays.copyOf(expected, values), one.values(), name + " at " + start);
            }
            Excerpt beyond = new Excerpt(new FrameRange(whole.frames() - 2, whole.frames() + 10), null);
            assertEquals(2, all(source, beyond).frames().frames());
            int[] counts = new int[2];
            ClipReader.read(
                    source,
                    MediaKind.VIDEO,
                    beyond,
                    12,
                    count -> {
                        counts[0] = count;
                        return new int[] {count - 1};
                    },
                    SMALL);
            assertEquals(2, counts[0], "frames that are there");
        }
    }
}
