// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.ProbeOptions.FrameCount;
import io.sparkreel.bucketing.media.range.CropBox;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import io.sparkreel.bucketing.media.range.FrameTimes;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.bucketing.media.write.PixelImages;
import io.sparkreel.bucketing.media.write.VideoWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
                "all-keyframes.mp4",
                "anamorphic.mp4",
                "av1.mp4",
                "edit-list.mp4",
                "flash.flv",
                "fragmented.mp4",
                "hevc.mp4",
                "intra-refresh.mp4",
                "lying-header.avi",
                "matroska.mkv",
                "mid-gop.ts",
                "moving.gif",
                "moving.png",
                "mpeg4.avi",
                "open-gop-cut.mkv",
                "open-gop-edit-list.mp4",
                "open-gop-hevc.mp4",
                "open-gop.mp4",
                "open-gop.ts",
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
            everyFrameIsFoundFromItsNumber(source, name);
        }
    }

    /** {@code -Dmedia.dir=DIR} names films of one's own, of a few hundred frames each. */
    @Test
    @Tag("slow")
    @EnabledIfSystemProperty(named = "media.dir", matches = ".+")
    void everyFrameOfAFolderIsFoundFromItsNumber() throws Exception {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("media.dir")))) {
            assertAll(files.sorted().map(file -> () -> {
                try (MediaSource source = MediaSource.of(file)) {
                    everyFrameIsFoundFromItsNumber(source, file.toString());
                } catch (MediaException e) {
                    throw new AssertionError(file.toString(), e);
                }
            }));
        }
    }

    private static void everyFrameIsFoundFromItsNumber(MediaSource source, String name) throws Exception {
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

    /** A film of noise with a keyframe every two seconds, whose length is that of its frames. */
    private static Path noise(Path file, int frames) throws Exception {
        Random random = new Random(3);
        byte[] rgb = new byte[3 * 320 * 240];
        try (VideoWriter writer = VideoWriter.mp4(file, 320, 240, 12)) {
            for (int i = 0; i < frames; i++) {
                random.nextBytes(rgb);
                for (int at = 0; at < rgb.length; at++) {
                    rgb[at] &= 31; // more is too much for the encoder
                }
                writer.write(rgb);
            }
        }
        return file;
    }

    /** A file that knows how many of its bytes were read. */
    private static final class Counted implements MediaSource {
        private final MediaSource file;
        private long bytes;

        Counted(Path file) throws Exception {
            this.file = MediaSource.of(file);
        }

        @Override
        public long length() throws IOException {
            return file.length();
        }

        @Override
        public int read(long position, byte[] target, int offset, int length) throws IOException {
            int read = file.read(position, target, offset, length);
            bytes += Math.max(0, read);
            return read;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    @Test
    void aRangeAtTheEndReadsTheHeadersAndItself(@TempDir Path folder) throws Exception {
        Path file = noise(folder.resolve("film.mp4"), 960);
        long length = Files.size(file);
        assertTrue(length > 10_000_000, () -> length + " bytes");
        Excerpt part = new Excerpt(new FrameRange(936, 957), null);
        try (Counted source = new Counted(file)) {
            all(source, part);
            assertTrue(source.bytes < length / 20, () -> source.bytes + " of " + length);
        }
        try (Counted source = new Counted(file)) {
            MediaInfo info = MediaProbe.probe(source, ProbeOptions.DEFAULT);
            FrameTimes times = MediaProbe.frameTimes(source, info);
            assertEquals(part.frames(), times.between(936 / 12.0, 957 / 12.0));
            assertTrue(source.bytes < length / 20, () -> source.bytes + " of " + length);
        }
    }

    @ParameterizedTest
    @CsvSource({"plain.mp4,10,6,40,30", "rotated-90.mp4,6,10,30,40", "anamorphic.mp4,10,6,40,30", "still.png,3,5,50,50"
    })
    void aCropIsABoxOfTheUprightPicture(String name, int x, int y, int width, int height) throws Exception {
        PictureRules unstretched = new PictureRules(
                PictureRules.SampleAspect.IGNORE, PictureRules.ImageOrientation.APPLY, PictureRules.Background.WHITE);
        try (MediaSource source = TestMedia.small(name)) {
            MediaInfo info = MediaProbe.probe(source, new ProbeOptions(FrameCount.EXACT, Verify.NONE, unstretched));
            CropBox crop = new CropBox(x, y, width, height);
            PixelClip whole = ClipReader.read(
                    source,
                    info.kind(),
                    new int[] {0},
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, info.height(), info.width(), unstretched));
            PixelClip box = ClipReader.read(
                    source,
                    info.kind(),
                    new Excerpt(null, crop),
                    new int[] {0},
                    new ClipReader.Target(FrameTransform.RESIZE_CROP, height, width, unstretched));
            byte[] expected = crop.cut(PixelImages.toRgb24(whole, 0), info.width());
            assertArrayEquals(expected, PixelImages.toRgb24(box, 0));
            assertEquals(width, info.of(new Excerpt(null, crop)).width());
            assertThrows(
                    InvalidInputException.class,
                    () -> info.of(new Excerpt(null, new CropBox(info.width() - width + 1, y, width, height))));
        }
    }

    @Test
    void aCropIsStretchedAsItsPictureIs() throws Exception {
        try (MediaSource source = TestMedia.small("anamorphic.mp4")) {
            MediaInfo info = MediaProbe.probe(source, ProbeOptions.DEFAULT);
            assertEquals(137, info.width());
            MediaInfo part = info.of(new Excerpt(new FrameRange(2, 7), new CropBox(0, 0, 48, 32)));
            assertEquals(List.of(68, 32, 5), List.of(part.width(), part.height(), part.numFrames()));
            assertEquals(info.durationSeconds() / 2, part.durationSeconds(), 1e-9);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // Frames 5 to 14 are left out, so that frame 5 is shown when frame 15 was.
        "variable-rate.mp4,0.2,0.7,5,8",
        "plain.mp4,0.2,0.7,5,18",
        "rotated-90.mp4,0.2,0.7,5,18",
        "matroska.mkv,0.2,0.7,5,18",
        "transport-stream.ts,0.2,0.7,5,18",
        "fragmented.mp4,0.2,0.7,5,18",
        "mpeg4.avi,0.2,0.7,5,18",
        "edit-list.mp4,0.2,0.4,5,10",
        "open-gop-edit-list.mp4,0.2,0.4,5,10",
        "open-gop.ts,0.2,0.4,5,10",
    })
    void secondsAreFrames(String name, double start, double end, int first, int behind) throws Exception {
        try (MediaSource source = TestMedia.small(name)) {
            MediaInfo info = MediaProbe.probe(source, ProbeOptions.DEFAULT);
            FrameTimes times = MediaProbe.frameTimes(source, info);
            assertEquals(info.numFrames(), times.frames());
            assertEquals(new FrameRange(first, behind), times.between(start, end));
        }
    }

    @Test
    void whatIsVerifiedIsTheRangeAlone() throws Exception {
        byte[] film = TestMedia.bytes("plain.mp4");
        MediaInfo info = MediaProbe.probe(MediaSource.of(film), ProbeOptions.DEFAULT);
        for (Verify verify : Verify.values()) {
            ProbeOptions options = new ProbeOptions(FrameCount.EXACT, verify);
            MediaProbe.verify(MediaSource.of(film), new FrameRange(10, info.numFrames()), options);
            if (verify != Verify.NONE) {
                FrameRange beyond = new FrameRange(10, info.numFrames() + 1);
                MediaException refused = assertThrows(
                        MediaException.class, () -> MediaProbe.verify(MediaSource.of(film), beyond, options));
                assertEquals(MediaProblem.TRUNCATED, refused.problem());
            }
        }
    }
}
