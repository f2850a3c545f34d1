// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.write;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.ClipReader;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.ProbeOptions.FrameCount;
import io.sparkreel.bucketing.media.TestMedia;
import io.sparkreel.bucketing.media.Verify;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VideoWriterTest {

    @TempDir
    Path folder;

    private static PixelClip sample(String name, int height, int width, int... frames) throws Exception {
        try (MediaSource source = MediaSource.of(TestMedia.clip(name))) {
            return ClipReader.read(
                    source,
                    MediaKind.VIDEO,
                    frames,
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, PictureRules.SHOWN));
        }
    }

    private static int[] firstFrames(int count) {
        return IntStream.range(0, count).toArray();
    }

    private long filesInFolder() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.count();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "dog-doorway.mp4, 72, 128, 16, 8",
        "dog-doorway-square.mp4, 64, 64, 20, 24",
        "dog-doorway-portrait.mp4, 96, 54, 9, 10",
        "two-dogs-grass-pan.mp4, 240, 426, 32, 8",
        "city-train-zoom.mp4, 16, 16, 2, 1",
    })
    void whatIsWrittenIsReadBack(String name, int height, int width, int frames, int fps) throws Exception {
        PixelClip clip = sample(name, height, width, firstFrames(frames));
        Path file = folder.resolve("clip.mp4");
        try (VideoWriter writer = VideoWriter.mp4(file, width, height, fps)) {
            for (int frame = 0; frame < frames; frame++) {
                writer.write(PixelImages.toRgb24(clip, frame));
            }
            assertFalse(Files.exists(file), "the name appears when the video is finished");
        }
        assertEquals(1, filesInFolder());

        try (MediaSource source = MediaSource.of(file)) {
            MediaInfo info = MediaProbe.probe(source, new ProbeOptions(FrameCount.EXACT, Verify.FULL));
            assertEquals(frames, info.numFrames());
            assertEquals(width, info.width());
            assertEquals(height, info.height());
            assertEquals(fps, info.fps(), 1e-9);
            assertEquals("h264", info.codec());
            assertEquals((double) frames / fps, info.durationSeconds(), 1e-3);
            PixelClip back = ClipReader.read(
                    source,
                    MediaKind.VIDEO,
                    firstFrames(frames),
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, PictureRules.SHOWN));
            double psnr = psnr(clip.values(), back.values());
            assertTrue(psnr > 32, "PSNR is %.1f dB".formatted(psnr));
            // Colour has half of the resolution in a video, luma all of it.
            double lumaPsnr = psnr(luma(clip), luma(back));
            assertTrue(lumaPsnr > 43, "luma PSNR is %.1f dB".formatted(lumaPsnr));
        }
    }

    private static double psnr(float[] expected, float[] found) {
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            error += Math.pow(expected[i] - found[i], 2);
        }
        return 10 * Math.log10(4 * expected.length / error);
    }

    private static float[] luma(PixelClip clip) {
        int plane = clip.height() * clip.width();
        float[] luma = new float[clip.frames() * plane];
        float[] values = clip.values();
        for (int frame = 0; frame < clip.frames(); frame++) {
            for (int i = 0; i < plane; i++) {
                int at = 3 * frame * plane + i;
                luma[frame * plane + i] =
                        0.2126f * values[at] + 0.7152f * values[at + plane] + 0.0722f * values[at + 2 * plane];
            }
        }
        return luma;
    }

    @Test
    void theIndexStandsBeforeTheFrames() throws Exception {
        Path file = folder.resolve("clip.mp4");
        try (VideoWriter writer = VideoWriter.mp4(file, 32, 32, 8)) {
            writer.write(new byte[3 * 32 * 32]);
        }
        String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertTrue(bytes.indexOf("moov") < bytes.indexOf("mdat"));
    }

    @Test
    void anExistingFileIsReplacedAtTheEnd() throws Exception {
        Path file = folder.resolve("clip.mp4");
        Files.writeString(file, "old");
        try (VideoWriter writer = VideoWriter.mp4(file, 32, 32, 8)) {
            writer.write(new byte[3 * 32 * 32]);
            assertEquals("old", Files.readString(file));
        }
        assertTrue(Files.size(file) > 3);
    }

    @Test
    void nothingIsLeftOfAVideoGivenUp() throws Exception {
        Path file = folder.resolve("clip.mp4");
        VideoWriter aborted = VideoWriter.mp4(file, 32, 32, 8);
        aborted.write(new byte[3 * 32 * 32]);
        aborted.abort();
        aborted.close();
        assertEquals(0, filesInFolder());

        VideoWriter.mp4(file, 32, 32, 8).close();
        assertEquals(0, filesInFolder());

        assertThrows(InvalidInputException.class, () -> {
            try (VideoWriter writer = VideoWriter.mp4(file, 32, 32, 8)) {
                writer.write(new byte[3 * 32 * 32]);
                writer.write(new byte[5]);
            }
        });
        assertEquals(0, filesInFolder());
    }

    @Test
    void impossibleVideosAreRefused() {
        Path file = folder.resolve("clip.mp4");
        assertThrows(InvalidInputException.class, () -> VideoWriter.mp4(file, 33, 32, 8));
        assertThrows(InvalidInputException.class, () -> VideoWriter.mp4(file, 32, 14, 8));
        assertThrows(InvalidInputException.class, () -> VideoWriter.mp4(file, 32, 32, 0));
        IOException thrown =
                assertThrows(IOException.class, () -> VideoWriter.mp4(folder.resolve("missing/clip.mp4"), 32, 32, 8));
        assertTrue(thrown.getMessage().startsWith("Cannot write "), thrown.getMessage());
    }
}
