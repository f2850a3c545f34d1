// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.DenoiserInput;
import io.sparkreel.model.denoiser.TextBatch;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.ModelWeights;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Draws from a small model whose weights are noise. */
class LatentGeneratorTest {
    private static final Tensors HOST = Tensors.onHost();
    private static final int SLOTS = 5;
    private static final int TEXT_WIDTH = 8;
    private static final int FRAMES = 4;
    private static final int SIDE = 4;
    private static final int CHANNELS = 3;
    private static final ClipShape CLIP = new ClipShape(FRAMES, 32, 32, 24, true);
    private static final LatentShape SHAPE = new LatentShape(CHANNELS, FRAMES, SIDE, SIDE);

    private static ModelWeights weights;
    private static LatentGenerator generator;

    @BeforeAll
    static void start() {
        Torch.start(1);
        Stdit2Config config =
                new Stdit2Config(64, CHANNELS, List.of(1, 2, 2), 48, 2, 4, 4, 0, true, TEXT_WIDTH, SLOTS, true);
        weights = new ModelWeights(config, HOST);
        weights.initialise(1);
        // Training begins with layers of zeros; here all of them shall matter.
        for (String name : config.layout().slots().keySet()) {
            FloatBuffer values = weights.parameters().tensor(name).buffer().asFloatBuffer();
            float[] noise = new float[values.remaining()];
            KeyedRandom.of(3, 0, name.hashCode(), Purpose.INITIALISATION).fillNormal(noise, 0, noise.length);
            for (int i = 0; i < noise.length; i++) {
                values.put(i, values.get(i) + 0.05f * noise[i]);
            }
        }
        generator = new LatentGenerator(
                weights.model(HOST),
                weights.nullCaption(),
                new Iddpm(new Iddpm.Options(true, 1, "", false)).sampler("iddpm", 5, HOST),
                new Sampler.Guidance(2, CHANNELS));
    }

    @AfterAll
    static void close() {
        weights.close();
    }

    private static TextFeatures caption(long id) {
        float[] features = new float[SLOTS * TEXT_WIDTH];
        KeyedRandom.of(5, 0, id, Purpose.WORD_VECTOR).fillNormal(features, 0, features.length);
        boolean[] mask = new boolean[SLOTS];
        Arrays.fill(mask, 0, 1 + (int) (id % SLOTS), true);
        return TextFeatures.single(features, mask);
    }

    private static LatentRequest request(long seed, long prompt, int sample, int loop, ConditioningFrames given) {
        return new LatentRequest(caption(prompt), seed, prompt, sample, loop, given);
    }

    private static ConditioningFrames given(float value, float... mask) {
        float[][] latents = new float[FRAMES][];
        for (int i = 0; i < FRAMES; i++) {
            if (mask[i] < 1) {
                latents[i] = new float[CHANNELS * SIDE * SIDE];
                Arrays.fill(latents[i], value);
            }
        }
        return new ConditioningFrames(mask, latents);
    }

    private static float[][] draw(LatentRequest... requests) {
        long before = Tensor.liveCount();
        float[][] latents = generator.sample(List.of(requests), CLIP, SHAPE, step -> {});
        assertEquals(before, Tensor.liveCount());
        return latents;
    }

    private static double difference(float[] a, float[] b) {
        double worst = 0;
        for (int i = 0; i < a.length; i++) {
            worst = Math.max(worst, Math.abs(a[i] - b[i]));
        }
        return worst;
    }

    @Test
    void aRequestComesOutTheSameWhateverIsDrawnBesideIt() {
        LatentRequest plain = request(1, 2, 0, 0, null);
        LatentRequest conditioned = request(1, 3, 0, 0, given(0.5f, 0, 1, 0.4f, 1));
        float[] alone = draw(plain)[0];
        float[] conditionedAlone = draw(conditioned)[0];
        float[][] together = draw(conditioned, plain);
        assertArrayEquals(alone, together[1], 1e-4f);
        assertArrayEquals(conditionedAlone, together[0], 1e-4f);
        assertArrayEquals(alone, draw(request(1, 4, 0, 0, null), plain)[1], 1e-4f);
        assertArrayEquals(alone, draw(plain)[0], 0);
    }

    @Test
    void everyPartOfTheKeyMatters() {
        float[] first = draw(request(1, 2, 0, 0, null))[0];
        assertTrue(difference(first, draw(request(2, 2, 0, 0, null))[0]) > 0.1);
        assertTrue(difference(first, draw(request(1, 2, 1, 0, null))[0]) > 0.1);
        assertTrue(difference(first, draw(request(1, 2, 0, 1, null))[0]) > 0.1);
        LatentRequest otherText = new LatentRequest(caption(9), 1, 2, 0, 0, null);
        assertTrue(difference(first, draw(otherText)[0]) > 1e-3);
    }

    @Test
    void givenFramesReachTheOtherFrames() {
        float[] low = draw(request(1, 2, 0, 0, given(-1, 0, 1, 1, 1)))[0];
        float[] high = draw(request(1, 2, 0, 0, given(1, 0, 1, 1, 1)))[0];
        float[] none = draw(request(1, 2, 0, 0, given(0, 1, 1, 1, 1)))[0];
        int other = SIDE * SIDE; // frame 1 of channel 0
        assertTrue(Math.abs(low[other] - high[other]) > 1e-4);
        assertArrayEquals(draw(request(1, 2, 0, 0, null))[0], none, 0, "a mask of ones is no mask");
    }

    /** Steps that share their captions and sizes are the steps that do not, to the bit. */
    @Test
    void whatStepsShareChangesNothing() {
        Denoiser model = weights.model(HOST);
        try (TensorScope scope = TensorScope.open()) {
            float[] latent = new float[2 * CHANNELS * FRAMES * SIDE * SIDE];
            KeyedRandom.of(8, 0, 0, Purpose.NOISE).fillNormal(latent, 0, latent.length);
            float[] ones = {1, 1};
            TextFeatures caption = caption(3);
            TextBatch both = TextBatch.of(
                    HOST, TEXT_WIDTH, Collections.nCopies(2, caption.values()), Collections.nCopies(2, caption.mask()));
            ClipFacts sizes = new ClipFacts(
                    new float[] {4, 4}, new float[] {32, 32}, new float[] {32, 32}, ones, new float[] {24, 24});
            Tensor noised = HOST.of(new float[] {0, 1, 1, 1, 0, 1, 1, 1}, 2, FRAMES, 1, 1);
            Tensor x = HOST.of(latent, 2, CHANNELS, FRAMES, SIDE, SIDE);
            Denoiser.Prepared prepared = model.prepare(new DenoiserInput(x, ones, both, null, sizes));
            for (Tensor given : new Tensor[] {null, noised}) {
                for (float time : new float[] {0, 999}) {
                    DenoiserInput input = new DenoiserInput(x, new float[] {time, time}, both, given, sizes);
                    assertArrayEquals(
                            model.forward(input).floats(),
                            model.forward(input, prepared).floats(),
                            0);
                }
            }
        }
    }
}
