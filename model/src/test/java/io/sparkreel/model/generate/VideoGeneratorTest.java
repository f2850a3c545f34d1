// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.PieceGeometry;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.autoencoder.LatentDistribution;
import io.sparkreel.model.generate.MaskStrategy.Dialect;
import io.sparkreel.model.generate.MaskStrategy.FrameSource;
import io.sparkreel.model.text.TextFeatures;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;

/** The bookkeeping of long videos, with numbers for frames. */
class VideoGeneratorTest {
    private static final CodecGeometry CODEC = CodecGeometry.frameByFrame(1, 1);
    private static final TextFeatures CAPTION = TextFeatures.single(new float[1], new boolean[] {true});

    /** One channel, one pixel; decoding adds a half and encoding takes a quarter, so that every way shows. */
    private static class CountingCodec implements LatentCodec {
        private int encodedFrames;

        @Override
        public CodecGeometry geometry() {
            return CODEC;
        }

        @Override
        public LatentDistribution distribution(float[] pixels, int frames, int height, int width) {
            encodedFrames += frames;
            float[] latent = new float[frames];
            for (int i = 0; i < frames; i++) {
                latent[i] = pixels[3 * i] - 0.25f;
            }
            return new LatentDistribution(latent, null);
        }

        @Override
        public float[] decode(float[] latent, int frames, int latentHeight, int latentWidth) {
            float[] pixels = new float[3 * frames];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = latent[i / 3] + 0.5f;
            }
            return pixels;
        }

        @Override
        public void close() {}
    }

    /** Frame f of loop l is 100 * (l + 1) + f unless it is given. */
    private static float[][] draw(
            List<LatentRequest> requests, ClipShape clip, LatentShape shape, IntConsumer progress) {
        float[][] latents = new float[requests.size()][shape.frames()];
        for (int i = 0; i < latents.length; i++) {
            LatentRequest request = requests.get(i);
            for (int frame = 0; frame < shape.frames(); frame++) {
                float[] given = request.given().latents()[frame];
                latents[i][frame] = given == null ? 100 * (request.loop() + 1) + frame : given[0];
                assertEquals(given == null ? 1 : 0, request.given().mask()[frame]);
            }
        }
        return latents;
    }

    private static VideoRequest request(String strategy, int frames, int loops, int carried, float... reference) {
        Map<FrameSource, float[]> references = new HashMap<>();
        for (int i = 0; i < reference.length; i++) {
            references.put(new FrameSource(0, i), new float[] {reference[i]});
        }
        List<Integer> lengths = reference.length == 0 ? List.of() : List.of(reference.length);
        LoopConditions conditions = LoopConditions.of(
                MaskStrategy.parse(strategy, Dialect.LOOP_FIRST), CODEC, frames, loops, carried, lengths);
        return new VideoRequest(1, 2, 0, Collections.nCopies(loops, CAPTION), conditions, references);
    }

    private static List<Float> generate(LatentCodec codec, Carry carry, VideoRequest request, int frames, int carried)
            throws IOException {
        List<Float> values = new ArrayList<>();
        new VideoGenerator(VideoGeneratorTest::draw, codec, carry)
                .generate(
                        List.of(request),
                        new ClipShape(frames, 1, 1, 24, true),
                        carried,
                        (row, frame) -> values.add(frame[0]),
                        step -> {});
        return values;
    }

    @Test
    void eachLoopBeginsWithTheEndOfTheOneBefore() throws IOException {
        CountingCodec codec = new CountingCodec();
        List<Float> decoded = generate(codec, Carry.DECODED, request(null, 4, 3, 2), 4, 2);
        assertEquals(List.of(100.5f, 101.5f, 102.5f, 103.5f, 202.5f, 203.5f, 302.5f, 303.5f), decoded);
        assertEquals(2 * 2, codec.encodedFrames, "only carried frames are encoded");
    }

    /** Loop 1 ends with its own frames of loop 0, which went through the codec or not. */
    @Test
    void framesAreCarriedDecodedOrAsLatents() throws IOException {
        VideoRequest request = request("1,0,0,2,2", 4, 2, 1); // reference 0 is the clip of loop 0
        CountingCodec codec = new CountingCodec();
        assertEquals(
                List.of(100.5f, 101.5f, 102.5f, 103.5f, 201.5f, 100.75f, 101.75f),
                generate(codec, Carry.DECODED, request, 4, 1));
        assertEquals(3, codec.encodedFrames);
        assertEquals(
                List.of(100.5f, 101.5f, 102.5f, 103.5f, 201.5f, 100.5f, 101.5f),
                generate(codec, Carry.LATENTS, request, 4, 1));
        assertEquals(3, codec.encodedFrames, "latents need no encoding");
    }

    @Test
    void aVideoClosesToItsBeginningByNamingItsFirstLoop() throws IOException {
        // One reference, so the clip of loop 0 is number 1; the last loop ends with its first frame.
        List<Float> video = generate(new CountingCodec(), Carry.LATENTS, request("0,0;2,1,0,-1,1", 3, 3, 1, 7), 3, 1);
        assertEquals(List.of(7.5f, 101.5f, 102.5f, 201.5f, 202.5f, 301.5f, 7.5f), video);
    }

    @Test
    void lengthsFollowTheFormula() throws IOException {
        for (int loops = 1; loops < 7; loops++) {
            for (int carried = 1; carried < 5; carried++) {
                List<Float> video =
                        generate(new CountingCodec(), Carry.DECODED, request(null, 5, loops, carried), 5, carried);
                assertEquals(loops * (5 - carried) + carried, video.size());
            }
        }
    }

    @Test
    void whatNoLaterLoopTakesIsForgotten() {
        LoopConditions conditions = LoopConditions.of(
                MaskStrategy.parse("0,0,0,0,2;2,1,0,3,1", Dialect.LOOP_FIRST), CODEC, 4, 4, 1, List.of(5));
        assertEquals(List.of(0, 1), List.copyOf(conditions.framesTaken(0, 0)));
        assertTrue(conditions.framesTaken(0, 1).isEmpty());
        assertEquals(List.of(0, 3), List.copyOf(conditions.framesTaken(1, 1)));
        assertEquals(List.of(0), List.copyOf(conditions.framesTaken(1, 2)));
        assertTrue(conditions.framesTaken(1, 3).isEmpty());
    }

    @Test
    void memoryDoesNotGrowWithTheNumberOfLoops() throws IOException {
        int area = 1 << 16;
        int frames = 8;
        LatentSource large = (requests, clip, shape, progress) -> new float[1][3 * frames * area];
        LatentCodec codec = new CountingCodec() {
            @Override
            public CodecGeometry geometry() {
                return CodecGeometry.frameByFrame(3, 1);
            }

            @Override
            public LatentDistribution distribution(float[] pixels, int count, int height, int width) {
                return new LatentDistribution(pixels, null);
            }

            @Override
            public float[] decode(float[] latent, int count, int height, int width) {
                return latent.clone();
            }
        };
        // 400 clips of 6 MiB are more than the heap of a test; a hundred of them would show in any case.
        int loops = 400;
        int[] count = new int[1];
        new VideoGenerator(large, codec, Carry.DECODED)
                .generate(
                        List.of(request(null, frames, loops, 2)),
                        new ClipShape(frames, 256, 256, 24, true),
                        2,
                        (row, frame) -> count[0]++,
                        step -> {});
        assertEquals(loops * (frames - 2) + 2, count[0]);
    }

    @Test
    void conditionsThatDoNotFitAreRefused() {
        MaskStrategy none = MaskStrategy.NONE;
        assertThrows(InvalidInputException.class, () -> LoopConditions.of(none, CODEC, 4, 2, 4, List.of()));
        assertThrows(InvalidInputException.class, () -> LoopConditions.of(none, CODEC, 4, 2, 0, List.of()));
        assertEquals(
                1, LoopConditions.of(none, CODEC, 1, 1, 0, List.of()).loops().size());
        MaskStrategy early = MaskStrategy.parse("0,0", Dialect.LOOP_FIRST);
        assertThrows(InvalidInputException.class, () -> LoopConditions.of(early, CODEC, 4, 2, 1, List.of()));
    }

    /**
     * Decodes a latent frame to frames of its number and hundredths that count them; encoding gives the number of the
     * first of them. So each encoded frame shows which frame of pixels a latent frame begins with.
     */
    private record GroupCodec(CodecGeometry geometry, int[] encodedFrames) implements LatentCodec {
        @Override
        public LatentDistribution distribution(float[] pixels, int frames, int height, int width) {
            encodedFrames[0] += frames;
            float[] latent = new float[geometry.latentFrames(frames)];
            for (int t = 0; t < latent.length; t++) {
                latent[t] = pixels[3 * first(t)] + 0.5f;
            }
            return new LatentDistribution(latent, null);
        }

        private int first(int latentFrame) {
            return latentFrame == 0 ? 0 : geometry.frames(latentFrame);
        }

        @Override
        public float[] decode(float[] latent, int frames, int latentHeight, int latentWidth) {
            assertEquals(geometry.latentFrames(frames), latent.length);
            float[] pixels = new float[3 * frames];
            for (int t = 0; t < latent.length; t++) {
                for (int frame = first(t); frame < Math.min(frames, geometry.frames(t + 1)); frame++) {
                    Arrays.fill(pixels, 3 * frame, 3 * frame + 3, latent[t] + (frame - first(t)) / 100f);
                }
            }
            return pixels;
        }

        @Override
        public void close() {}
    }

    private static List<Float> video(GroupCodec codec, int frames, int loops, int carried) throws IOException {
        LoopConditions conditions =
                LoopConditions.of(MaskStrategy.NONE, codec.geometry(), frames, loops, carried, List.of());
        VideoRequest request = new VideoRequest(1, 2, 0, Collections.nCopies(loops, CAPTION), conditions, Map.of());
        List<Float> values = new ArrayList<>();
        new VideoGenerator(VideoGeneratorTest::draw, codec, Carry.DECODED)
                .generate(
                        List.of(request),
                        new ClipShape(frames, 1, 1, 24, true),
                        carried,
                        (row, frame) -> values.add(frame[0]),
                        step -> {});
        assertEquals(VideoGenerator.totalFrames(codec.geometry(), frames, loops, carried), values.size());
        return values;
    }

    /** A causal codec's next loop begins with the last five frames, encoded as the beginning of a clip. */
    @Test
    void theEndOfACausalClipIsEncodedByItself() throws IOException {
        GroupCodec codec = new GroupCodec(CodecGeometry.causal(1, 1, 4), new int[1]);
        List<Float> video = video(codec, 9, 2, 2);
        assertEquals(9 + 4, video.size());
        assertEquals(5, codec.encodedFrames()[0]);
        assertEquals(List.of(100f, 101f, 101.01f, 101.02f, 101.03f, 102f), video.subList(0, 6));
        assertEquals(List.of(202f, 202.01f, 202.02f, 202.03f), video.subList(9, 13));
    }

    /** The last frame of loop 0 is 102.03, which is the only frame of the first latent frame of loop 1. */
    @Test
    void theNextLoopBeginsWithTheLastFrame() throws IOException {
        GroupCodec codec = new GroupCodec(CodecGeometry.causal(1, 1, 4), new int[1]);
        List<Float> first = new ArrayList<>();
        LatentSource source = (requests, clip, shape, progress) -> {
            float[] given = requests.get(0).given().latents()[0];
            first.add(given == null ? -1 : given[0]);
            return draw(requests, clip, shape, progress);
        };
        LoopConditions conditions = LoopConditions.of(MaskStrategy.NONE, codec.geometry(), 9, 2, 1, List.of());
        new VideoGenerator(source, codec, Carry.DECODED)
                .generate(
                        List.of(new VideoRequest(1, 2, 0, List.of(CAPTION, CAPTION), conditions, Map.of())),
                        new ClipShape(9, 1, 1, 24, true),
                        1,
                        (row, frame) -> {},
                        step -> {});
        assertEquals(List.of(-1f, 102.03f + 0.5f), first);
    }

    @Test
    void piecesAreCarriedWhole() throws IOException {
        GroupCodec codec = new GroupCodec(new PieceGeometry(1, 1), new int[1]);
        List<Float> video = video(codec, 34, 3, 5);
        assertEquals(34 + 2 * 17, video.size());
        assertEquals(2 * 17, codec.encodedFrames()[0], "a piece of each loop but the last");
        assertThrows(
                InvalidInputException.class,
                () -> LoopConditions.of(MaskStrategy.NONE, codec.geometry(), 34, 2, 3, List.of()));
        assertThrows(
                InvalidInputException.class,
                () -> LoopConditions.of(MaskStrategy.NONE, codec.geometry(), 20, 2, 5, List.of()));
    }

    @Test
    void onlyThePiecesOfTakenFramesAreEncoded() {
        CodecGeometry pieces = new PieceGeometry(1, 1);
        FramesOfClip last = FramesOfClip.of(pieces, 20, new TreeSet<>(List.of(5)));
        assertArrayEquals(new int[] {17, 18, 19}, last.pixelFrames());
        assertArrayEquals(new int[] {5}, last.latentFrames());
        FramesOfClip causal = FramesOfClip.of(CodecGeometry.causal(1, 1, 4), 21, new TreeSet<>(List.of(1)));
        assertArrayEquals(new int[] {0, 1, 2, 3, 4}, causal.pixelFrames());
        assertArrayEquals(new int[] {0, 1}, causal.latentFrames());
        FramesOfClip alone = FramesOfClip.of(CODEC, 21, new TreeSet<>(List.of(3, 7)));
        assertArrayEquals(new int[] {3, 7}, alone.pixelFrames());
        assertArrayEquals(new int[] {3, 7}, alone.latentFrames());
    }
}
