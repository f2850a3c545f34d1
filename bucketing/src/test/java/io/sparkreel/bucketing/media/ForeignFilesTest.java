// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.ProbeOptions.FrameCount;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.TemporalSampling;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is a frame, what is damaged, and what headers may say, in files as other programs write them. */
class ForeignFilesTest {

    private static final ClipReader.Target SMALL =
            new ClipReader.Target(FrameTransform.RESIZE_CROP, 16, 24, PictureRules.SHOWN);

    private static MediaInfo probe(byte[] file, FrameCount count, Verify verify) throws Exception {
        return MediaProbe.probe(MediaSource.of(file), new ProbeOptions(count, verify));
    }

    private static MediaException refused(byte[] file, FrameCount count, Verify verify) {
        return assertThrows(MediaException.class, () -> probe(file, count, verify), count + " " + verify);
    }

    /** The numbers of {@code ffprobe -count_frames} 8.0.1: what all ways of verifying count, and the loader gives. */
    @ParameterizedTest
    @CsvSource({
        "vp8-altref.webm, 100", // frames that only others refer to
        "vp9-hidden-packets.mkv, 100",
        "open-gop-cut.mkv, 80", // pictures that lead the first keyframe
        "mid-gop.ts, 38", // begins between two keyframes
        "cue-at-no-keyframe.webm, 100", // cues lead to what is no keyframe
        "cut-blue-only.mp4, 51", // an edit list hides the beginning
        "edit-list.mp4, 12",
        "mdat-too-long.mp4, 25",
        "segment-of-ten-minutes.mp4, 60",
        "default-duration-1ms.mkv, 30",
        "h264-field-packets.ts, 20", // each field of a frame is a packet
    })
    void aFrameIsWhatAPlayerShows(String name, int frames) throws Exception {
        byte[] file = TestMedia.bytes(name);
        for (Verify verify : Verify.values()) {
            assertEquals(frames, probe(file, FrameCount.EXACT, verify).numFrames(), verify.name());
        }
        DecodedClip all = ClipReader.readAll(MediaSource.of(file), MediaKind.VIDEO, Excerpt.WHOLE, SMALL, 1L << 28)
                .orElseThrow();
        assertEquals(frames, all.frames().frames());
        assertTrue(all.damaged().isEmpty() && all.end() == null);
        ClipReader.read(MediaSource.of(file), MediaKind.VIDEO, new int[] {frames - 1}, SMALL);
    }

    @Test
    void framesThatAnEditListHidesAreNotShownButByTheEarlierRules() throws Exception {
        byte[] file = TestMedia.bytes("cut-blue-only.mp4"); // red until the cut
        PixelClip first = ClipReader.read(MediaSource.of(file), MediaKind.VIDEO, new int[] {0}, SMALL);
        assertTrue(first.values()[0] < -0.9, "red " + first.values()[0]);
        ClipReader.Target earlier = new ClipReader.Target(FrameTransform.RESIZE_CROP, 16, 24, PictureRules.EARLIER);
        PixelClip hidden = ClipReader.read(MediaSource.of(file), MediaKind.VIDEO, new int[] {0, 100}, earlier);
        assertTrue(hidden.values()[0] > 0.9, "red " + hidden.values()[0]);
    }

    @Test
    void headersThatDoNotTellSaySo() throws Exception {
        assertEquals(
                60,
                probe(TestMedia.bytes("segment-of-ten-minutes.mp4"), FrameCount.HEADER, Verify.NONE)
                        .numFrames());
        assertEquals(
                MediaProblem.NO_FRAMES,
                refused(TestMedia.bytes("default-duration-1ms.mkv"), FrameCount.HEADER, Verify.NONE)
                        .problem());
    }

    @ParameterizedTest
    @CsvSource({
        "default-duration-1ms.mkv, 30, 1",
        "segment-of-ten-minutes.mp4, 30, 2",
        "cut-blue-only.mp4, 25, 2.04",
        "h264-field-packets.ts, 25, 0.8"
    })
    void aUnitOfTimeIsNoFrameRate(String name, double fps, double seconds) throws Exception {
        MediaInfo info = probe(TestMedia.bytes(name), FrameCount.EXACT, Verify.NONE);
        assertEquals(fps, info.fps(), 1e-6);
        assertEquals(seconds, info.durationSeconds(), 1e-6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"encrypted.mp4", "tiled-raw.tif", "rgb-jpeg.tif"})
    void whatNoDecoderReadsIsRefusedWhateverIsVerified(String name) throws Exception {
        for (FrameCount count : FrameCount.values()) {
            for (Verify verify : Verify.values()) {
                assertEquals(
                        MediaProblem.UNSUPPORTED_CODEC,
                        refused(TestMedia.bytes(name), count, verify).problem());
            }
        }
    }

    /** Compressed data in the middle is overwritten; headers and end marks stay. */
    @ParameterizedTest
    @CsvSource({"jpeg, ", "png, ", "gif, ", "tiff, LZW", "tiff, Deflate", "tiff, ZLib", "tiff, PackBits"})
    void concealedDamageOfStillsIsFound(String format, String compression) throws Exception {
        BufferedImage image = new BufferedImage(200, 100, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            image.setRGB(i % 200, i / 200, random.nextInt());
        }
        byte[] file = write(image, format, compression);
        assertEquals(1, probe(file, FrameCount.EXACT, Verify.FULL).numFrames());
        int damaged = format.equals("png") ? 100 : file.length / 4;
        for (int at = file.length / 2; at < file.length / 2 + damaged; at++) {
            file[at] = (byte) random.nextInt(255); // never 0xff, which begins a mark
        }
        for (Verify verify : List.of(Verify.EDGES, Verify.FULL)) {
            assertEquals(
                    MediaProblem.DECODE_ERROR,
                    refused(file, FrameCount.EXACT, verify).problem());
        }
        assertThrows(
                MediaException.class,
                () -> ClipReader.read(MediaSource.of(file), MediaKind.IMAGE, new int[] {0}, SMALL));
    }

    /** A film of noise is damaged, and no film that begins late: only decoding tells, whatever its codec. */
    @ParameterizedTest
    @ValueSource(strings = {"plain.mp4", "hevc.mp4"})
    void aFilmOfNoiseIsRefusedWhereItIsDecoded(String name) throws Exception {
        byte[] file = TestMedia.bytes(name);
        int media = new String(file, StandardCharsets.ISO_8859_1).indexOf("mdat");
        int size = ByteBuffer.wrap(file).getInt(media - 4);
        byte[] noise = new byte[size - 8];
        new Random(1).nextBytes(noise);
        System.arraycopy(noise, 0, file, media + 4, noise.length);
        assertEquals(30, probe(file, FrameCount.EXACT, Verify.NONE).numFrames());
        for (Verify verify : List.of(Verify.EDGES, Verify.FULL)) {
            refused(file, FrameCount.EXACT, verify);
        }
        assertThrows(
                MediaException.class,
                () -> ClipReader.read(MediaSource.of(file), MediaKind.VIDEO, new int[] {0}, SMALL));
    }

    private static byte[] write(BufferedImage image, String format, String compression) throws Exception {
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        ImageWriteParam options = writer.getDefaultWriteParam();
        if (compression != null) {
            options.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            options.setCompressionType(compression);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, null), options);
        }
        return bytes.toByteArray();
    }

    /** A frame of a GIF whose data end too early leaves the frame before it, and those after it build on that. */
    @Test
    void concealedDamageOfAnimationsIsFound() throws Exception {
        byte[] file = TestMedia.bytes("moving.gif");
        for (int at = file.length / 2; at < file.length / 2 + 20; at++) {
            file[at] ^= 0x55;
        }
        assertEquals(
                MediaProblem.DECODE_ERROR,
                refused(file, FrameCount.EXACT, Verify.FULL).problem());
        ClipReader.read(MediaSource.of(file), MediaKind.VIDEO, new int[] {0}, SMALL);
        assertThrows(
                MediaException.class,
                () -> ClipReader.read(MediaSource.of(file), MediaKind.VIDEO, new int[] {9}, SMALL));
    }

    /** Damage that a decoder conceals is in the frames from there to the next keyframe, with a cache and without. */
    @Test
    void concealedDamageOfVideosIsSeenInTheFramesThatHaveIt() throws Exception {
        byte[] file = TestMedia.bytes("mid-gop.ts");
        for (int at = file.length / 2; at < file.length / 2 + 2000; at++) {
            file[at] = at % 188 < 8 ? file[at] : (byte) (31 * at);
        }
        DecodedClip all = ClipReader.readAll(MediaSource.of(file), MediaKind.VIDEO, Excerpt.WHOLE, SMALL, 1L << 28)
                .orElseThrow();
        assertTrue(all.damaged().cardinality() > 0 || all.end() != null);
        int broken = 0;
        for (int frame = 0; frame < all.frames().frames(); frame++) {
            int[] wanted = {frame};
            if (all.damaged().get(frame)) {
                broken++;
                assertThrows(MediaException.class, () -> all.select(100, count -> wanted));
                assertThrows(
                        MediaException.class,
                        () -> ClipReader.read(
                                MediaSource.of(file), MediaKind.VIDEO, Excerpt.WHOLE, 100, count -> wanted, SMALL));
            } else {
                assertArrayEquals(
                        ClipReader.read(
                                        MediaSource.of(file),
                                        MediaKind.VIDEO,
                                        Excerpt.WHOLE,
                                        100,
                                        count -> wanted,
                                        SMALL)
                                .values(),
                        all.select(100, count -> wanted).values());
            }
        }
        assertTrue(broken < all.frames().frames(), "all frames are damaged");
    }

    /** A table counts 31 frames of 30: samples are drawn among those that are there, with a cache and without. */
    @Test
    void aClipWithFewerFramesThanCountedIsReadTheSameWithACacheAndWithout() throws Exception {
        byte[] file = TestMedia.bytes("plain.mp4");
        DecodedClip all = ClipReader.readAll(MediaSource.of(file), MediaKind.VIDEO, Excerpt.WHOLE, SMALL, 1L << 28)
                .orElseThrow();
        for (double u : new double[] {0, 0.3, 0.8, 0.999}) {
            IntFunction<int[]> choice = frames -> TemporalSampling.frameIndices(frames, 10, 3, u);
            PixelClip uncached =
                    ClipReader.read(MediaSource.of(file), MediaKind.VIDEO, Excerpt.WHOLE, 31, choice, SMALL);
            assertArrayEquals(uncached.values(), all.select(31, choice).values());
        }
        IntFunction<int[]> tooMany = frames -> TemporalSampling.frameIndices(frames, 40, 1, 0);
        MediaException thrown = assertThrows(
                MediaException.class,
                () -> ClipReader.read(MediaSource.of(file), MediaKind.VIDEO, Excerpt.WHOLE, 40, tooMany, SMALL));
        assertEquals("40 frames were counted, 30 can be decoded, which are too few", thrown.detail());
        assertThrows(MediaException.class, () -> all.select(40, tooMany));
    }

    /** Headers only, from which nothing can be decoded. */
    @ParameterizedTest
    @CsvSource({"png", "jpg", "bmp", "webp-lossy", "webp-lossless", "webp-extended"})
    void aPictureTooLargeForTheDecoderIsCalledThat(String kind) throws Exception {
        byte[] file = TooLarge.of(kind, 16_000, 9_000);
        MediaException thrown = refused(file, FrameCount.EXACT, Verify.NONE);
        assertEquals("too_large: pictures of 16000x9000 have more than 67108864 pixels", thrown.getMessage());
    }

    @Test
    void aColourIsReadAndWritten() {
        assertEquals(
                "#0a1B2c".toLowerCase(java.util.Locale.ROOT),
                PictureRules.Background.parse("#0a1B2c").text());
        assertEquals(PictureRules.Background.WHITE, PictureRules.Background.parse("white"));
        assertThrows(InvalidInputException.class, () -> PictureRules.Background.parse("beige"));
    }
}
