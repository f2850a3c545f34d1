// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.ProbeOptions.FrameCount;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
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
        return assertThrows(MediaException.class, () -> probe(name, count, verify))
                .problem();
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
            String name, MediaKind kind, int width, int height, int frames, double fps, double duration, String codec)
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

    // The answers of ffprobe 5.1.9 -count_frames; width and height as shown. Duration of the
    // program stream: of the stream, which ends with its last time stamp.
    @ParameterizedTest
    @CsvSource({
        "av1.mp4,            VIDEO, 96, 64, 0,    30, 25,        1.2,  av1",
        "edit-list.mp4,      VIDEO, 96, 64, 0,    12, 25,        0.5,  h264",
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
        "exif-rotated.jpg,   IMAGE, 64, 96, -90,  1,  0,         0,    mjpeg",
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
                MediaException thrown = assertThrows(
                        MediaException.class, () -> MediaProbe.probe(source, new ProbeOptions(count, verify)));
                assertEquals(MediaProblem.TRUNCATED, thrown.problem());
                String found = "the sample table names 46 frames, 37 lie within the file's 60000 bytes";
                // Two of them show only together with later ones.
                assertEquals(verify == Verify.FULL ? found + "; 35 frames can be decoded" : found, thrown.detail());
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
        assertEquals(MediaProblem.NO_VIDEO_STREAM, problem("sound.m4a", FrameCount.EXACT, Verify.NONE));
        for (byte[] bytes : List.of(
                new byte[0],
                new byte[100_000],
                "hello".getBytes(UTF_8),
                "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n".getBytes(UTF_8),
                "ffconcat version 1.0\nfile /etc/passwd\n".getBytes(UTF_8))) {
            MediaException thrown = assertThrows(
                    MediaException.class, () -> MediaProbe.probe(MediaSource.of(bytes), ProbeOptions.DEFAULT));
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
                    () -> MediaProbe.probe(MediaSource.of(bytes), new ProbeOptions(FrameCount.EXACT, verify)));
        }
    }

    @ParameterizedTest
    @MethodSource("smallNames")
    void verifyFindsFilesThatAreCutShort(String name) throws Exception {
        byte[] whole = TestMedia.bytes(name);
        ProbeOptions options = new ProbeOptions(FrameCount.EXACT, Verify.FULL);
        for (double part : new double[] {0.3, 0.5, 0.7, 0.9, 0.999}) {
            byte[] cut = Arrays.copyOf(whole, (int) (whole.length * part));
            MediaException thrown = assertThrows(
                    MediaException.class, () -> MediaProbe.probe(MediaSource.of(cut), options), name + " at " + part);
            if (thrown.problem() == MediaProblem.TRUNCATED) {
                assertTrue(thrown.detail().matches(".*; [0-9]+ frames can be decoded"), thrown.detail());
            }
        }
    }

    /** A recording that nobody went back to write the sizes into. */
    @Test
    void aCutLiveRecordingIsFound() throws Exception {
        byte[] live = TestMedia.bytes("matroska.mkv");
        int segment = find(live, 0, 0x18, 0x53, 0x80, 0x67) + 4;
        live[segment] = 1;
        Arrays.fill(live, segment + 1, segment + 8, (byte) 0xff);
        ProbeOptions options = new ProbeOptions(FrameCount.EXACT, Verify.FULL);
        assertEquals(30, MediaProbe.probe(MediaSource.of(live), options).numFrames());
        byte[] cut = Arrays.copyOf(live, live.length * 2 / 3);
        assertEquals(
                MediaProblem.TRUNCATED,
                assertThrows(MediaException.class, () -> MediaProbe.probe(MediaSource.of(cut), options))
                        .problem());
    }

    /** Theora repeats a picture by an empty packet, of which no decoder makes a frame. */
    @Test
    void emptyPacketsAreNoFrames() throws Exception {
        byte[] ogg = TestMedia.bytes("theora.ogg");
        int page = ogg.length;
        do {
            page--;
        } while (page != find(ogg, page, 'O', 'g', 'g', 'S'));
        int segments = ogg[page + 26] & 0xff;
        byte[] more = new byte[ogg.length + 1];
        System.arraycopy(ogg, 0, more, 0, page + 27);
        more[page + 26] = (byte) (segments + 1); // the new one of length 0 comes first
        System.arraycopy(ogg, page + 27, more, page + 28, ogg.length - page - 27);
        Arrays.fill(more, page + 22, page + 26, (byte) 0);
        int sum = oggChecksum(more, page);
        for (int i = 0; i < 4; i++) {
            more[page + 22 + i] = (byte) (sum >>> (8 * i));
        }
        for (Verify verify : Verify.values()) {
            assertEquals(
                    30,
                    MediaProbe.probe(MediaSource.of(more), new ProbeOptions(FrameCount.EXACT, verify))
                            .numFrames());
        }
    }

    /** RFC 3533, section 6: the polynomial 0x04c11db7, nothing reflected or inverted. */
    private static int oggChecksum(byte[] bytes, int from) {
        int sum = 0;
        for (int i = from; i < bytes.length; i++) {
            sum ^= bytes[i] << 24;
            for (int bit = 0; bit < 8; bit++) {
                sum = sum < 0 ? sum << 1 ^ 0x04c11db7 : sum << 1;
            }
        }
        return sum;
    }

    private static int find(byte[] bytes, int from, int... wanted) {
        for (int at = from; at + wanted.length <= bytes.length; at++) {
            int same = 0;
            while (same < wanted.length && (bytes[at + same] & 0xff) == wanted[same]) {
                same++;
            }
            if (same == wanted.length) {
                return at;
            }
        }
        return -1;
    }

    /** The count of samples in a sample table, larger and larger. */
    @Test
    void aTableOfBillionsOfFramesTakesNeitherTimeNorMemory() throws Exception {
        byte[] bytes = TestMedia.bytes("plain.mp4");
        int count = find(bytes, 0, 's', 't', 's', 'z') + 12;
        for (int top : new int[] {0x01, 0x10, 0x7f, 0xff}) {
            bytes[count] = (byte) top;
            for (FrameCount mode : FrameCount.values()) {
                assertTimeout(Duration.ofSeconds(20), () -> {
                    try {
                        MediaInfo info = MediaProbe.probe(MediaSource.of(bytes), new ProbeOptions(mode, Verify.FULL));
                        assertEquals(30, info.numFrames());
                    } catch (MediaException putAside) {
                        assertTrue(putAside.detail().length() > 0);
                    }
                });
            }
        }
    }

    @Test
    void animatedWebpIsNamed() {
        byte[] bytes = "RIFF\u001e\0\0\0WEBPVP8X\n\0\0\0\u0002\0\0\0\u000f\0\0\u000f\0\0ANIM\0\0\0\0".getBytes(UTF_8);
        MediaException thrown =
                assertThrows(MediaException.class, () -> MediaProbe.probe(MediaSource.of(bytes), ProbeOptions.DEFAULT));
        assertEquals(MediaProblem.UNSUPPORTED_CODEC, thrown.problem());
    }

    @ParameterizedTest
    @CsvSource({"plain.mp4, 30", "matroska.mkv, 30", "vp9.webm, 30", "fragmented.mp4, 30", "lying-header.avi, 444"})
    void headersAreBelievedWhenAskedTo(String name, int frames) throws Exception {
        assertEquals(frames, probe(name, FrameCount.HEADER, Verify.NONE).numFrames());
    }

    @Test
    void headerModeReadsHeadersOnly() throws Exception {
        CountingSource source = new CountingSource(TestMedia.clip("two-dogs-roots-zoom.webm"));
        MediaInfo info = MediaProbe.probe(source, new ProbeOptions(FrameCount.HEADER, Verify.NONE));
        assertEquals(60, info.numFrames());
        assertTrue(source.bytesRead <= 2 * 64 * 1024, source.bytesRead + " bytes were read");
    }

    @Test
    void aFailingStorageIsNoBadFile() {
        MediaSource failing = new MediaSource() {
            @Override
            public long length() {
                return 1_000_000;
            }

            @Override
            public int read(long position, byte[] target, int offset, int length) throws IOException {
                throw new IOException("connection reset");
            }

            @Override
            public void close() {}
        };
        IOException thrown = assertThrows(IOException.class, () -> MediaProbe.probe(failing, ProbeOptions.DEFAULT));
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
        MediaSource trickling = new MediaSource() {
            @Override
            public long length() throws IOException {
                return whole.length();
            }

            @Override
            public int read(long position, byte[] target, int offset, int length) throws IOException {
                return whole.read(position, target, offset, Math.min(length, 7));
            }

            @Override
            public void close() {}
        };
        assertEquals(MediaProbe.probe(whole, ProbeOptions.DEFAULT), MediaProbe.probe(trickling, ProbeOptions.DEFAULT));
    }

    // JavaCPP has room for ten callback objects of a type.
    @Test
    void manyFilesCanBeOpenAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(32);
        try {
            CyclicBarrier allOpen = new CyclicBarrier(32);
            Callable<Integer> task = () -> {
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
