// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClipReaderTest {

    private static final int[] RED = {220, 20, 20};
    private static final int[] BLUE = {20, 20, 220};

    private static PixelClip read(String name, int height, int width, int... frames) throws Exception {
        try (MediaSource source = TestMedia.small(name)) {
            return ClipReader.read(
                    source,
                    MediaKind.VIDEO,
                    frames,
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, PictureRules.SHOWN));
        }
    }

    private static int level(PixelClip clip, int frame, int channel, int row, int column) {
        int index = ((frame * 3 + channel) * clip.height() + row) * clip.width() + column;
        return Math.round((clip.values()[index] + 1) / 2 * 255);
    }

    private static void assertColour(int[] expected, int tolerance, PixelClip clip, int frame, int row, int column) {
        for (int channel = 0; channel < 3; channel++) {
            assertEquals(
                    expected[channel],
                    level(clip, frame, channel, row, column),
                    tolerance,
                    "channel %d at row %d, column %d".formatted(channel, row, column));
        }
    }

    // Frame n is grey of level 16 + 7 n; the codecs below reorder frames (h264, hevc, av1 with
    // B-frames), hide some (vp9), or do neither.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain.mp4",
                "trailing-moov.mov",
                "fragmented.mp4",
                "matroska.mkv",
                "transport-stream.ts",
                "hevc.mp4",
                "av1.mp4",
                "vp8.webm",
                "vp9.webm",
                "mpeg4.avi",
                "lying-header.avi",
                "program-stream.mpg",
                "theora.ogg",
                "flash.flv"
            })
    void framesAreInDisplayOrder(String name) throws Exception {
        int[] frames = new int[30];
        for (int i = 0; i < 30; i++) {
            frames[i] = 29 - i;
        }
        PixelClip clip = read(name, 64, 96, frames);
        for (int i = 0; i < 30; i++) {
            int grey = 16 + 7 * (29 - i);
            assertColour(new int[] {grey, grey, grey}, 6, clip, i, 32, 48);
        }
    }

    @Test
    void aFrameCanBeAskedForTwice() throws Exception {
        PixelClip clip = read("plain.mp4", 64, 96, 12, 3, 12);
        assertEquals(16 + 7 * 12, level(clip, 0, 0, 10, 60), 4);
        assertEquals(16 + 7 * 3, level(clip, 1, 0, 10, 60), 4);
        assertEquals(16 + 7 * 12, level(clip, 2, 0, 10, 60), 4);
    }

    @Test
    void hiddenFramesOfAnEditListAreNoFrames() throws Exception {
        PixelClip clip = read("edit-list.mp4", 64, 96, 0, 11);
        assertEquals(16 + 7 * 18, level(clip, 0, 0, 32, 48), 4);
        assertEquals(16 + 7 * 29, level(clip, 1, 0, 32, 48), 4);
    }

    // As ffmpeg 5.1.9 turns them.
    @Test
    void picturesAreTurnedUpright() throws Exception {
        int[] grey = {16, 16, 16};
        PixelClip stored = read("plain.mp4", 64, 96, 0);
        assertColour(RED, 6, stored, 0, 4, 4);
        assertColour(BLUE, 6, stored, 0, 59, 91);
        PixelClip left = read("rotated-90.mp4", 96, 64, 0);
        assertColour(grey, 6, left, 0, 4, 4);
        assertColour(BLUE, 6, left, 0, 4, 59);
        assertColour(RED, 6, left, 0, 91, 4);
        PixelClip around = read("rotated-180.mp4", 64, 96, 0);
        assertColour(BLUE, 6, around, 0, 4, 4);
        assertColour(RED, 6, around, 0, 59, 91);
        PixelClip right = read("rotated-270.mp4", 96, 64, 0);
        assertColour(grey, 6, right, 0, 4, 4);
        assertColour(RED, 6, right, 0, 4, 59);
        assertColour(BLUE, 6, right, 0, 91, 4);
    }

    @Test
    void exifOrientationIsIgnoredByTheReference() throws Exception {
        for (String name : new String[] {"still.jpg", "exif-rotated.jpg", "still.png", "still.webp"}) {
            try (MediaSource source = TestMedia.small(name)) {
                PixelClip clip = ClipReader.read(
                        source,
                        MediaKind.IMAGE,
                        new int[] {0},
                        new ClipReader.Target(
                                FrameTransform.RESIZE_CROP,
                                64,
                                96,
                                new PictureRules(
                                        PictureRules.SampleAspect.IGNORE,
                                        PictureRules.ImageOrientation.REFERENCE,
                                        PictureRules.Background.IGNORED)));
                assertColour(RED, 12, clip, 0, 10, 10);
                assertColour(BLUE, 12, clip, 0, 50, 85);
            }
        }
    }

    // Means and pixels of: ffmpeg 5.1.9 -sws_flags bicubic+accurate_rnd+full_chroma_int
    // -pix_fmt rgb24. One clip names its colour matrix (BT.709), two do not (BT.601).
    @ParameterizedTest
    @CsvSource({
        "dog-doorway.mp4, 10, 540, 960, 131.1987, 112.9884, 90.6998, 176, 168, 156",
        "dog-floor-pan.mp4, 99, 240, 426, 138.6031, 131.3300, 115.6363, 172, 165, 138",
        "two-dogs-roots-zoom.webm, 37, 360, 640, 107.7236, 101.7526, 96.1079, 113, 109, 104",
    })
    void coloursAreThoseOfFfmpeg(
            String name,
            int frame,
            int height,
            int width,
            double red,
            double green,
            double blue,
            int centreRed,
            int centreGreen,
            int centreBlue)
            throws Exception {
        try (MediaSource source = MediaSource.of(TestMedia.clip(name))) {
            PixelClip clip = ClipReader.read(
                    source,
                    MediaKind.VIDEO,
                    new int[] {frame},
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, PictureRules.SHOWN));
            double[] means = {red, green, blue};
            int plane = height * width;
            for (int channel = 0; channel < 3; channel++) {
                double sum = 0;
                for (int i = 0; i < plane; i++) {
                    sum += (clip.values()[channel * plane + i] + 1) / 2 * 255;
                }
                assertEquals(means[channel], sum / plane, 0.05);
            }
            assertColour(new int[] {centreRed, centreGreen, centreBlue}, 1, clip, 0, height / 2, width / 2);
        }
    }

    @Test
    void readAllHoldsWhatReadHolds() throws Exception {
        try (MediaSource source = TestMedia.small("vp9.webm")) {
            long bytes = 30L * 3 * 32 * 48 * 4;
            PixelClip all = ClipReader.readAll(
                            source,
                            MediaKind.VIDEO,
                            Excerpt.WHOLE,
                            new ClipReader.Target(FrameTransform.RESIZE_CROP, 32, 48, PictureRules.SHOWN),
                            bytes)
                    .orElseThrow()
                    .frames();
            assertEquals(30, all.frames());
            PixelClip some = ClipReader.read(
                    source,
                    MediaKind.VIDEO,
                    new int[] {29},
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, 32, 48, PictureRules.SHOWN));
            float[] last = new float[3 * 32 * 48];
            System.arraycopy(all.values(), 29 * last.length, last, 0, last.length);
            assertArrayEquals(some.values(), last);
            assertEquals(
                    Optional.empty(),
                    ClipReader.readAll(
                            source,
                            MediaKind.VIDEO,
                            Excerpt.WHOLE,
                            new ClipReader.Target(FrameTransform.RESIZE_CROP, 32, 48, PictureRules.SHOWN),
                            bytes - 1));
        }
    }

    @Test
    void aClipTooShortSaysSo() {
        MediaException thrown = assertThrows(MediaException.class, () -> read("plain.mp4", 64, 96, 0, 30));
        assertEquals(MediaProblem.TRUNCATED, thrown.problem());
        assertEquals("frame 30 was asked for, 30 can be decoded", thrown.detail());
    }

    @Test
    void impossibleRequestsAreRefused() {
        assertThrows(InvalidInputException.class, () -> read("plain.mp4", 64, 96));
        assertThrows(InvalidInputException.class, () -> read("plain.mp4", 64, 96, -1));
        assertThrows(InvalidInputException.class, () -> read("plain.mp4", 0, 96, 0));
        InvalidInputException thrown = assertThrows(
                InvalidInputException.class,
                () -> ClipReader.read(
                        TestMedia.small("plain.mp4"),
                        MediaKind.VIDEO,
                        new int[] {0},
                        new ClipReader.Target(FrameTransform.CENTER, 64, 96, PictureRules.SHOWN)));
        assertTrue(thrown.getMessage().contains("resize_crop"), thrown.getMessage());
    }

    @Test
    void decodingStopsAtTheLastFrameWanted() throws Exception {
        byte[] bytes = TestMedia.bytes("matroska.mkv");
        byte[] damaged = bytes.clone();
        for (int i = bytes.length * 3 / 4; i < bytes.length; i++) {
            damaged[i] = (byte) (37 * i);
        }
        PixelClip expected = read("matroska.mkv", 64, 96, 0, 5);
        PixelClip found = ClipReader.read(
                MediaSource.of(damaged),
                MediaKind.VIDEO,
                new int[] {0, 5},
                new ClipReader.Target(FrameTransform.RESIZE_CROP, 64, 96, PictureRules.SHOWN));
        assertArrayEquals(expected.values(), found.values());
    }
}
