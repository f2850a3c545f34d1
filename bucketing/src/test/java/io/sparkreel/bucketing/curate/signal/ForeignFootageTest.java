// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.scale.Plane;
import io.sparkreel.bucketing.media.write.VideoWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Other people's files: measured right, or refused with one reason. */
class ForeignFootageTest {
    private static final Path MEDIA = Path.of(System.getProperty("project.root"), "bucketing/src/test/resources/media");

    @TempDir
    Path folder;

    private static FrameSignals measure(Path file) throws IOException, MediaException {
        try (MediaSource source = MediaSource.of(file);
                FootageReader reader = FootageReader.open(source)) {
            return SignalPass.whole(reader, SignalOptions.DEFAULT);
        }
    }

    /** Codecs, containers, edit lists, rotation, rates that vary: frames and sizes are those of the probe. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain.mp4",
                "hevc.mp4",
                "av1.mp4",
                "vp8.webm",
                "vp9.webm",
                "theora.ogg",
                "mpeg4.avi",
                "flash.flv",
                "transport-stream.ts",
                "program-stream.mpg",
                "fragmented.mp4",
                "matroska.mkv",
                "edit-list.mp4",
                "open-gop.mp4",
                "variable-rate.mp4",
                "rotated-90.mp4",
                "rotated-180.mp4",
                "rotated-270.mp4",
                "h264-field-packets.ts",
                "vp9-hidden-packets.mkv",
                "with-sound.mp4"
            })
    void framesAndSizesAreThoseOfTheProbe(String name) throws Exception {
        FrameSignals signals = measure(MEDIA.resolve(name));
        MediaInfo info;
        try (MediaSource source = MediaSource.of(MEDIA.resolve(name))) {
            info = MediaProbe.probe(source, ProbeOptions.DEFAULT);
        }
        assertEquals(info.numFrames(), signals.frames());
        assertEquals(info.width(), signals.width());
        assertEquals(info.height(), signals.height());
        long[] pts = signals.timeline().pts();
        for (int frame = 1; frame < pts.length; frame++) {
            assertTrue(pts[frame] > pts[frame - 1], name + ": frame " + frame + " is not shown after the one before");
        }
        boolean beginsWithin = name.equals("edit-list.mp4"); // the edit list hides the keyframe before
        assertEquals(beginsWithin ? 6 : 0, signals.keyframes()[0]);
        assertEquals(0, signals.damaged().length);
        assertEquals(signals.samples().frame().length, signals.samples().combed().length);
        assertEquals(signals.samples().frame().length, signals.samples().phash().length);
    }

    @ParameterizedTest
    @CsvSource({
        "sound.m4a, NO_VIDEO_STREAM",
        "cut-before-moov.mov, TRUNCATED",
        "encrypted.mp4, UNSUPPORTED_CODEC",
    })
    void whatCannotBeMeasuredHasOneReason(String name, MediaProblem problem) {
        MediaException refused = assertThrows(MediaException.class, () -> measure(MEDIA.resolve(name)));
        assertEquals(problem, refused.problem(), refused.detail());
    }

    @Test
    void anEmptyFileAndATextAreNoVideos() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.mp4"));
        Path text = Files.writeString(folder.resolve("text.mp4"), "no film");
        for (Path file : new Path[] {empty, text}) {
            assertEquals(
                    MediaProblem.NOT_MEDIA,
                    assertThrows(MediaException.class, () -> measure(file)).problem());
        }
    }

    @Test
    void aTurnedPictureHasItsBarsWhereTheViewerSeesThem() throws Exception {
        FrameSignals upright = measure(MEDIA.resolve("plain.mp4"));
        FrameSignals turned = measure(MEDIA.resolve("rotated-90.mp4"));
        assertTrue(upright.width() > upright.height());
        assertTrue(turned.width() < turned.height());
        assertEquals(turned.width() - 1, turned.samples().right()[0]);
        assertEquals(turned.height() - 1, turned.samples().bottom()[0]);
    }

    private Path film(int width, int height, int frames, int speed) throws IOException {
        Path file = folder.resolve(width + "x" + height + "-" + frames + ".mp4");
        try (VideoWriter writer = VideoWriter.mp4(file, width, height, 25)) {
            byte[] rgb = new byte[3 * width * height];
            for (int frame = 0; frame < frames; frame++) {
                for (int i = 0; i < rgb.length; i++) {
                    int column = i / 3 % width;
                    rgb[i] = (byte) (128 + 80 * Math.sin((column + (double) speed * frame) / 6));
                }
                writer.write(rgb);
            }
        }
        return file;
    }

    @Test
    void oneFrameAndTheSmallestPictureAreMeasured() throws Exception {
        FrameSignals one = measure(film(64, 48, 1, 0));
        assertEquals(1, one.frames());
        assertEquals(0, one.hue()[0]);
        assertEquals(1, one.samples().frame().length);
        assertEquals(-1, one.samples().combed()[0]);
        FrameSignals tiny = measure(film(16, 16, 30, 1));
        assertEquals(30, tiny.frames());
        assertEquals(16, tiny.width());
    }

    @Test
    void whatMovesHasMotionAndWhatStandsStillIsFrozen() throws Exception {
        FrameSignals moving = measure(film(320, 180, 30, 4));
        FrameSignals still = measure(film(322, 180, 30, 0));
        float slowest = Float.MAX_VALUE;
        for (int frame = 1; frame < 30; frame++) {
            slowest = Math.min(slowest, moving.motion()[frame]);
        }
        assertTrue(slowest > 5, "motion of " + slowest);
        assertEquals(0, Intervals.frozen(moving, 0.001, 0.4).size());
        assertEquals(1, Intervals.frozen(still, 0.001, 0.4).size());
        assertTrue(Arrays.equals(new int[] {0, 13, 25}, still.samples().frame()), "samples twice a second");
    }

    @ParameterizedTest
    @CsvSource({"ten-bit.mp4, 20, 160, 90", "four-two-two.mkv, 10, 160, 96", "odd-size.mkv, 10, 97, 61"})
    void otherFormatsOfPixelsAndOddSizesAreMeasured(String name, int frames, int width, int height) throws Exception {
        for (int size : new int[] {32, 64, 0}) {
            SignalOptions options = new SignalOptions(size, size, true, true, 0.10, 0.001, 24);
            FrameSignals signals;
            try (MediaSource source = MediaSource.of(MEDIA.resolve(name));
                    FootageReader reader = FootageReader.open(source)) {
                signals = SignalPass.whole(reader, options);
            }
            assertEquals(frames, signals.frames());
            assertEquals(width, signals.width());
            assertEquals(height, signals.height());
            assertEquals(width - 1, signals.samples().right()[0]);
            assertEquals(height - 1, signals.samples().bottom()[0]);
            for (int frame = 1; frame < frames; frame++) {
                assertTrue(signals.motion()[frame] > 0.1, "motion at " + size);
                assertTrue(signals.value()[frame] > 0.1, "change of value at " + size);
            }
        }
    }

    /** Rows that are left out before the conversion do not change those that are not. */
    @ParameterizedTest
    @ValueSource(strings = {"plain.mp4", "variable-rate.mp4", "vp9.webm", "size-changes.ts", "four-two-two.mkv"})
    void chosenRowsAreThoseOfTheWholePicture(String name) throws Exception {
        try (MediaSource source = MediaSource.of(MEDIA.resolve(name));
                FootageReader reader = FootageReader.open(source);
                MediaSource again = MediaSource.of(MEDIA.resolve(name));
                FootageReader sparse = FootageReader.open(again)) {
            while (reader.next()) {
                assertTrue(sparse.next());
                boolean[] rows = new boolean[reader.height()];
                for (int row = 1; row < rows.length; row += 1 + row % 4) {
                    rows[row] = true;
                }
                Plane[] whole = reader.bgr(null);
                Plane[] chosen = sparse.bgr(rows);
                for (int row = 0; row < rows.length; row++) {
                    for (int x = 0; rows[row] && x < reader.width(); x++) {
                        for (int channel = 0; channel < 3; channel++) {
                            assertEquals(whole[channel].at(x, row), chosen[channel].at(x, row), "row " + row);
                        }
                    }
                }
            }
        }
    }

    @Test
    void aSizeThatChangesBeginsAnewAndTimeGoesOn() throws Exception {
        FrameSignals signals = measure(MEDIA.resolve("size-changes.ts"));
        assertEquals(20, signals.frames());
        assertEquals(160, signals.width());
        assertEquals(0, signals.motion()[10]);
        assertEquals(1, signals.still()[10]);
        assertTrue(signals.motion()[11] > 1);
        assertEquals(1.9, signals.timeline().seconds(19), 1e-6);
        for (int frame = 1; frame < 20; frame++) {
            assertTrue(signals.timeline().pts()[frame] > signals.timeline().pts()[frame - 1]);
        }
        assertEquals(4, signals.samples().frame().length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain.mp4", "matroska.mkv", "fragmented.mp4", "trailing-moov.mov", "vp9.webm"})
    void aVideoThatBreaksOffIsRefusedAsTheProbeRefusesIt(String name) throws Exception {
        byte[] bytes = Files.readAllBytes(MEDIA.resolve(name));
        Path file = Files.write(folder.resolve(name), Arrays.copyOf(bytes, bytes.length * 6 / 10));
        MediaException probe = assertThrows(MediaException.class, () -> {
            try (MediaSource source = MediaSource.of(file)) {
                MediaProbe.probe(source, ProbeOptions.DEFAULT);
            }
        });
        MediaException refused = assertThrows(MediaException.class, () -> measure(file));
        assertEquals(probe.getMessage(), refused.getMessage());
        assertEquals(MediaProblem.TRUNCATED, refused.problem());
    }

    @Test
    void combedFramesOfAFileAreFound() throws Exception {
        FrameSignals combed = measure(waves("combed.mp4", 1));
        FrameSignals progressive = measure(waves("progressive.mp4", 0));
        assertArrayEquals(new byte[] {1, 1}, combed.samples().combed());
        assertArrayEquals(new byte[] {0, 0}, progressive.samples().combed());
    }

    /** @param between how much later odd rows are taken than even ones */
    private Path waves(String name, int between) throws IOException {
        Path file = folder.resolve(name);
        try (VideoWriter writer = VideoWriter.mp4(file, 96, 64, 25)) {
            for (int frame = 0; frame < 25; frame++) {
                byte[] grey = wave(2 * frame, 2 * frame + between);
                byte[] rgb = new byte[3 * grey.length];
                for (int i = 0; i < rgb.length; i++) {
                    rgb[i] = grey[i / 3];
                }
                writer.write(rgb);
            }
        }
        return file;
    }

    @Test
    void onlyWhatIsWantedIsMeasured() throws Exception {
        FrameSignals all = measure(MEDIA.resolve("ten-bit.mp4"));
        for (Signal signal : Signal.values()) {
            FrameSignals one;
            try (MediaSource source = MediaSource.of(MEDIA.resolve("ten-bit.mp4"));
                    FootageReader reader = FootageReader.open(source)) {
                one = SignalPass.whole(reader, SignalOptions.DEFAULT.only(Set.of(signal)));
            }
            for (Signal other : Signal.values()) {
                boolean there = other == signal || (signal == Signal.EDGES && other == Signal.CONTENT);
                assertEquals(there, one.has(other), other + " where only " + signal + " is wanted");
                if (!there) {
                    assertThrows(InvalidInputException.class, () -> one.require(other));
                }
            }
            switch (signal) {
                case CONTENT, EDGES -> {
                    assertArrayEquals(all.hue(), one.hue());
                    assertArrayEquals(all.saturation(), one.saturation());
                    assertArrayEquals(all.value(), one.value());
                }
                case HISTOGRAM -> assertArrayEquals(all.histogram(), one.histogram());
                case HASH -> assertArrayEquals(all.hash(), one.hash());
                case SOFT -> assertArrayEquals(all.soft(), one.soft());
                case COLOUR -> assertArrayEquals(all.colour(), one.colour());
                case LUMA -> {
                    assertArrayEquals(all.luma(), one.luma());
                    assertArrayEquals(all.black(), one.black());
                }
                case STILL -> assertArrayEquals(all.still(), one.still());
                case MOTION -> assertArrayEquals(all.motion(), one.motion());
                case SAMPLES -> {
                    assertArrayEquals(all.samples().phash(), one.samples().phash());
                    assertArrayEquals(all.samples().sharpness(), one.samples().sharpness());
                    assertArrayEquals(all.samples().combed(), one.samples().combed());
                }
            }
        }
    }

    /** Two fields of different times in each frame, as an interlaced camera takes them. */
    @Test
    void fieldsOfDifferentTimesAreFound() {
        byte[][] progressive = new byte[3][];
        byte[][] interlaced = new byte[3][];
        for (int frame = 0; frame < 3; frame++) {
            progressive[frame] = wave(2 * frame, 2 * frame);
            interlaced[frame] = wave(2 * frame, 2 * frame + 1);
        }
        assertEquals(Combing.Kind.INTERLACED, Combing.of(interlaced[0], interlaced[1], interlaced[2], 96));
        assertEquals(Combing.Kind.PROGRESSIVE, Combing.of(progressive[0], progressive[1], progressive[2], 96));
        byte[] still = wave(0, 0);
        assertEquals(Combing.Kind.UNDETERMINED, Combing.of(still, still, still, 96));
    }

    /** Stripes that move by four columns with each unit of time; even and odd rows at their own times. */
    private static byte[] wave(int even, int odd) {
        byte[] picture = new byte[96 * 64];
        for (int y = 0; y < 64; y++) {
            int time = y % 2 == 0 ? even : odd;
            for (int x = 0; x < 96; x++) {
                picture[y * 96 + x] = (byte) (128 + 90 * Math.sin((x + 4.0 * time) / 5));
            }
        }
        return picture;
    }
}
