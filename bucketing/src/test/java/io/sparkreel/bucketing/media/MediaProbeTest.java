// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class MediaProbeTest {

    private static MediaInfo probe(String name, FrameCount count, Verify verify) throws Exception {
        try (MediaSource source = TestMedia.small(name)) {
            return MediaProbe.probe(source, new ProbeOptions(count, verify));
        }
    }

    private static MediaProblem problem(String name, FrameCount count, Verify verify) {
        return assertThrows(MediaException.class, () -> probe(name, count, verify)).problem();
    }

    // The answers of ffprobe 5.1.9 -count_packets.
    @ParameterizedTest
    @CsvSource({
        "circuit-board-tilt.mp4,  VIDEO, 360,  640, 60,  24,        2.5,      h264",
        "city-train-zoom.mp4,     VIDEO, 640,  480, 51,  25,        2.04,     h264",
        "dog-doorway-portrait.mp4,VIDEO, 304,  540, 46,  30.010003, 1.532822, h264",
        "dog-doorway-square.mp4,  VIDEO, 432,  432, 46,  30.010003, 1.532822, h264",
        "dog-doorway.mp4,         VIDEO, 960,  540, 46,  30.010003, 1.532822, h264",
        "dog-floor-pan.mp4,       VIDEO, 426,  240, 100, 24,        4.166667, h264",
        "two-dogs-grass-pan.mp4,  VIDEO, 854,  480, 75,  30,        2.5,      h264",
        "two-dogs-roots-zoom.webm,VIDEO, 640,  360, 60,  24,        2.5,      vp9",
        "christmas-table.jpg,     IMAGE, 768,  576, 1,   0,         0,        mjpeg",
        "city-train.jpg,          IMAGE, 1280, 960, 1,   0,         0,        mjpeg",
        "two-dogs-grass.jpg,      IMAGE, 1024, 768, 1,   0,         0,        mjpeg",
    })
    void sampleClipsAreAsFfprobeSays(
            String name,
            MediaKind kind,
            int width,
            int height,
            int frames,
            double fps,
            double duration,
            String codec)
            throws Exception {
        for (Verify verify : Verify.values()) {
            try (MediaSource source = MediaSource.of(TestMedia.clip(name))) {
                MediaInfo info = MediaProbe.probe(source, new ProbeOptions(FrameCount.EXACT, verify));
                assertEquals(kind, info.kind());
                assertEquals(width, info.width());
                assertEquals(height, info.height());
                assertEquals(0, info.rotation());
                assertEquals(frames, info.numFrames());
                assertEquals(fps, info.fps(), 1e-6);
                assertEquals(duration, info.durationSeconds(), 1e-6);
                assertEquals(codec, info.codec());
            }
        }
    }

    // The answers of ffprobe 5.1.9 -count_packets; width and height after rotation. Duration of the
    // program stream: of the stream, which ends with its last time stamp.
    @ParameterizedTest
    @CsvSource({
        "av1.mp4,            VIDEO, 96, 64, 0,    30, 25,        1.2,  av1",
        "edit-list.mp4,      VIDEO, 96, 64, 0,    18, 25,        0.5,  h264",
        "flash.flv,          VIDEO, 96, 64, 0,    30, 25,        1.2,  flv1",
        "fragmented.mp4,     VIDEO, 96, 64, 0,    30, 25,        1.2,  h264",
        "hevc.mp4,           VIDEO, 96, 64, 0,    30, 25,        1.2,  hevc",
        "lying-header.avi,   VIDEO, 96, 64, 0,    30, 25,        1.2,  mpeg4",
        "matroska.mkv,       VIDEO, 96, 64, 0,    30, 25,        1.2,  h264",
        "moving.gif,         VIDEO, 96, 64, 0,    10, 25,        0.4,  gif",
        "moving.png,         VIDEO, 96, 64, 0,    10, 25,        0.4,  apng",
        "mpeg4.avi,          VIDEO, 96, 64, 0,    30, 25,        1.2,  mpeg4",
        "plain.mp4,          VIDEO, 96, 64, 0,    30, 25,        1.2,  h264",
        "program-stream.mpg, VIDEO, 96, 64, 0,    30, 25,        0.88, mpeg2video",
        "rotated-90.mp4,     VIDEO, 64, 96, 90,   30, 25,        1.2,  h264",
        "rotated-180.mp4,    VIDEO, 96, 64, -180, 30, 25,        1.2,  h264",
        "rotated-270.mp4,    VIDEO, 64, 96, -90,  30, 25,        1.2,  h264",
        "theora.ogg,         VIDEO, 96, 64, 0,    30, 25,        1.2,  theora",
        "trailing-moov.mov,  VIDEO, 96, 64, 0,    30, 25,        1.2,  h264",
        "transport-stream.ts,VIDEO, 96, 64, 0,    30, 25,        1.2,  h264",
        "variable-rate.mp4,  VIDEO, 96, 64, 0,    20, 16.666667, 1.2,  h264",
        "vp8.webm,           VIDEO, 96, 64, 0,    30, 25,        1.2,  vp8",
        "vp9.webm,           VIDEO, 96, 64, 0,    30, 25,        1.2,  vp9",
        "with-sound.mp4,     VIDEO, 96, 64, 0,    30, 25,        1.2,  h264",
        "exif-rotated.jpg,   IMAGE, 96, 64, 0,    1,  0,         0,    mjpeg",
        "still.bmp,          IMAGE, 96, 64, 0,    1,  0,         0,    bmp",
        "still.gif,          IMAGE, 96, 64, 0,    1,  0,         0,    gif",
        "still.jpg,          IMAGE, 96, 64, 0,    1,  0,         0,    mjpeg",
        "still.png,          IMAGE, 96, 64, 0,    1,  0,         0,    png",
        "still.tiff,         IMAGE, 96, 64, 0,    1,  0,         0,    tiff",
        "still.webp,         IMAGE, 96, 64, 0,    1,  0,         0,    webp",
    })
    void everyContainerIsAsFfprobeSays(
            String name,
            MediaKind kind,
            int width,
            int height,
            int rotation,
            int frames,
            double fps,
            double duration,
            String codec)
            throws Exception {
        for (Verify verify : Verify.values()) {
            MediaInfo info = probe(name, FrameCount.EXACT, verify);
            assertEquals(kind, info.kind());
            assertEquals(width, info.width());
            assertEquals(height, info.height());
            assertEquals(rotation, info.rotation());
            assertEquals(frames, info.numFrames(), verify.name());
            assertEquals(fps, info.fps(), 1e-6);
            assertEquals(duration, info.durationSeconds(), 0.01);
            assertEquals(codec, info.codec());
        }
    }

    @ParameterizedTest
    @CsvSource({"plain.mp4, 12", "matroska.mkv, 12", "vp9.webm, 12", "moving.gif, 1", "still.png, 1"})
    void keyframeIntervalIsTheEncoders(String name, int interval) throws Exception {
        int found = probe(name, FrameCount.EXACT, Verify.NONE).keyframeInterval();
        if (name.equals("moving.gif")) {
            assertTrue(found >= 1);
        } else {
            assertEquals(interval, found);
        }
    }

    @ParameterizedTest
    @EnumSource(Verify.class)
    void aCutSampleTableIsFoundInEveryMode(Verify verify) throws Exception {
        for (FrameCount count : FrameCount.values()) {
            try (MediaSource source = MediaSource.of(TestMedia.clip("broken-truncated.mp4"))) {
                MediaException thrown =
                        assertThrows(
                                MediaException.class,
                                () -> MediaProbe.probe(source, new ProbeOptions(count, verify)));
                assertEquals(MediaProblem.TRUNCATED, thrown.problem());
                assertEquals(
                        "the sample table names 46 frames, 37 lie within the file's 60000 bytes",
                        thrown.detail());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"cut-fragmented.mp4", "cut-before-moov.mov", "cut.mkv"})
    void aFileShorterThanItsBoxesSayIsTruncated(String name) {
        assertEquals(MediaProblem.TRUNCATED, problem(name, FrameCount.EXACT, Verify.NONE));
    }

    @Test
    void filesWithoutPicturesArePutAside() throws Exception {
        assertEquals(
                MediaProblem.NO_VIDEO_STREAM, problem("sound.m4a", FrameCount.EXACT, Verify.NONE));
        for (byte[] bytes :
                List.of(
                        new byte[0],
                        new byte[100_000],
                        "hello".getBytes(),
                        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n".getBytes(),
                        "ffconcat version 1.0\nfile /etc/passwd\n".getBytes())) {
            MediaException thrown =
                    assertThrows(
                            MediaException.class,
                            () -> MediaProbe.probe(MediaSource.of(bytes), ProbeOptions.DEFAULT));
            assertEquals(MediaProblem.NOT_MEDIA, thrown.problem());
        }
        try (MediaSource source = MediaSource.of(TestMedia.clip("broken-text.mp4"))) {
            MediaException thrown =
                    assertThrows(MediaException.class, () -> MediaProbe.probe(source, ProbeOptions.DEFAULT));
            assertEquals(MediaProblem.NOT_MEDIA, thrown.problem());
        }
    }

    @Test
    void verifyFindsDamagedPictures() throws Exception {
        byte[] bytes = TestMedia.bytes("plain.mp4");
        // Overwrites the second half of the sample data, which ends the file.
        for (int i = bytes.length - 900; i < bytes.length; i++) {
            bytes[i] = (byte) (31 * i);
        }
        MediaInfo unverified = MediaProbe.probe(MediaSource.of(bytes), ProbeOptions.DEFAULT);
        assertEquals(30, unverified.numFrames());
        for (Verify verify : List.of(Verify.EDGES, Verify.FULL)) {
            assertThrows(
                    MediaException.class,
                    () ->
                            MediaProbe.probe(
                                    MediaSource.of(bytes), new ProbeOptions(FrameCount.EXACT, verify)));
        }
    }

    @ParameterizedTest
    @CsvSource({"still.jpg", "still.png", "still.gif", "still.webp"})
    void verifyFindsCutImages(String name) throws Exception {
        byte[] whole = TestMedia.bytes(name);
        byte[] cut = Arrays.copyOf(whole, whole.length * 3 / 4);
        assertThrows(
                MediaException.class,
                () ->
                        MediaProbe.probe(
                                MediaSource.of(cut), new ProbeOptions(FrameCount.EXACT, Verify.FULL)));
    }

    @ParameterizedTest
    @CsvSource({
        "plain.mp4, 30",
        "matroska.mkv, 30",
        "vp9.webm, 30",
        "fragmented.mp4, 30",
        "lying-header.avi, 444"
    })
    void headersAreBelievedWhenAskedTo(String name, int frames) throws Exception {
        assertEquals(frames, probe(name, FrameCount.HEADER, Verify.NONE).numFrames());
    }

    @Test
    void headerModeReadsHeadersOnly() throws Exception {
        CountingSource source = new CountingSource(TestMedia.clip("two-dogs-roots-zoom.webm"));
        MediaInfo info =
                MediaProbe.probe(source, new ProbeOptions(FrameCount.HEADER, Verify.NONE));
        assertEquals(60, info.numFrames());
        assertTrue(source.bytesRead <= 2 * 64 * 1024, source.bytesRead + " bytes were read");
    }

    @Test
    void aFailingStorageIsNoBadFile() {
        MediaSource failing =
                new MediaSource() {
                    @Override
                    public long length() {
                        return 1_000_000;
                    }

                    @Override
                    public int read(long position, byte[] target, int offset, int length)
                            throws IOException {
                        throw new IOException("connection reset");
                    }

                    @Override
                    public void close() {}
                };
        IOException thrown =
                assertThrows(
                        IOException.class, () -> MediaProbe.probe(failing, ProbeOptions.DEFAULT));
        assertEquals("connection reset", thrown.getMessage());
    }

    static Stream<String> smallNames() {
        return TestMedia.smallNames().stream();
    }

    @ParameterizedTest
    @MethodSource("smallNames")
    void shortReadsChangeNothing(String name) throws Exception {
        byte[] bytes = TestMedia.bytes(name);
        MediaSource whole = MediaSource.of(bytes);
        MediaSource trickling =
                new MediaSource() {
                    @Override
                    public long length() throws IOException {
                        return whole.length();
                    }

                    @Override
                    public int read(long position, byte[] target, int offset, int length)
                            throws IOException {
                        return whole.read(position, target, offset, Math.min(length, 7));
                    }

                    @Override
                    public void close() {}
                };
        assertEquals(
                MediaProbe.probe(whole, ProbeOptions.DEFAULT),
                MediaProbe.probe(trickling, ProbeOptions.DEFAULT));
    }

    // JavaCPP has room for ten callback objects of a type.
    @Test
    void manyFilesCanBeOpenAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(32);
        try {
            CyclicBarrier allOpen = new CyclicBarrier(32);
            Callable<Integer> task =
                    () -> {
                        try (NativeInput input = NativeInput.open(TestMedia.small("vp9.webm"))) {
                            allOpen.await();
                            return FrameTally.of(input, FrameCount.EXACT).frames();
                        }
                    };
            for (Future<Integer> result : threads.invokeAll(Collections.nCopies(32, task))) {
                assertEquals(30, result.get());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void javaCppDoesNotMeasureTheProcess() {
        FFmpegRuntime.ensureLoaded();
        assertEquals(0, Pointer.maxPhysicalBytes());
        assertEquals(0, Pointer.maxBytes());
    }

    /** Counts the bytes asked of a file. */
    private static final class CountingSource implements MediaSource {

        private final MediaSource file;
        private long bytesRead;

        CountingSource(Path file) throws IOException {
            this.file = MediaSource.of(file);
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public int read(long position, byte[] target, int offset, int length) throws IOException {
            int count = file.read(position, target, offset, length);
            bytesRead += Math.max(count, 0);
            return count;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
