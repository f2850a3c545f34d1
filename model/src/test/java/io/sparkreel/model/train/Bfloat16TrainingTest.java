// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.optim.FlatParameters;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Training with blocks in bf16 and everything else in fp32, against the same training in fp32. */
class Bfloat16TrainingTest {
    private static final Tensors HOST = Tensors.onHost();
    private static final Stdit2Config CONFIG =
            new Stdit2Config(32, 4, List.of(1, 2, 2), 96, 2, 4, 4, 0.1, true, 32, 6, true);
    private static final int BATCH = 4;
    private static final int FRAMES = 3;
    private static final int SIDE = 8;
    private static final int WINDOW = 10;

    @BeforeAll
    static void start() {
        Torch.start(2);
    }

    @Test
    void followsTheLossOfFp32() {
        compare(40);
    }

    @Test
    @Tag("slow")
    void followsTheLossOfFp32ForLong() {
        compare(300);
    }

    private static void compare(int steps) {
        double[] expected = losses(Precision.FP32, steps);
        double[] found = losses(Precision.BF16, steps);
        double difference = 0;
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], found[i], 0.02 * expected[i], "steps from " + i * WINDOW);
            difference = Math.max(difference, Math.abs(expected[i] - found[i]) / expected[i]);
        }
        assertTrue(difference > 1e-7, "bf16 has computed the very same");
        assertTrue(expected[expected.length - 1] < 0.8 * expected[0], "nothing was learned");
    }

    /** Mean losses of ten steps each. */
    private static double[] losses(Precision precision, int steps) {
        double[] means = new double[steps / WINDOW];
        TrainerOptions options = TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 1)
                .withComputation(precision, false)
                .withOptimizer(OptimizerOptions.REFERENCE
                        .withLearningRate(LearningRate.constant(3e-4))
                        .withoutEma());
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST)) {
            weights.initialise(11);
            try (Trainer trainer =
                    new Trainer(options, Bfloat16TrainingTest::drawn, weights, HOST, new SingleProcess())) {
                for (int step = 0; step < steps; step++) {
                    means[step / WINDOW] +=
                            trainer.step(step, List.of(clips(step)), BATCH).loss() / WINDOW;
                }
            }
        }
        return means;
    }

    private static Draws.Drawn drawn(MicroBatch clips) {
        int size = clips.shape().elements();
        float[] noise = new float[BATCH * size];
        float[] times = new float[BATCH];
        for (int b = 0; b < BATCH; b++) {
            KeyedRandom.of(2, clips.epoch(), b, Purpose.NOISE).fillNormal(noise, b * size, size);
            times[b] = KeyedRandom.of(2, clips.epoch(), b, Purpose.TIMESTEP).nextInt(1000);
        }
        return new Draws.Drawn(noise, times, null, new boolean[BATCH]);
    }

    /** Clips that are one of four pictures, the same in every frame. */
    private static MicroBatch clips(int step) {
        int picture = SIDE * SIDE;
        LatentShape shape = new LatentShape(4, FRAMES, SIDE, SIDE);
        boolean[] all = new boolean[CONFIG.modelMaxLength()];
        Arrays.fill(all, true);
        List<Sample> samples = new ArrayList<>();
        for (int b = 0; b < BATCH; b++) {
            float[] pixels = new float[4 * picture];
            KeyedRandom.of(1, 0, b, Purpose.LATENT_NOISE).fillNormal(pixels, 0, pixels.length);
            float[] latent = new float[shape.elements()];
            for (int i = 0; i < latent.length; i++) {
                latent[i] = pixels[i / (FRAMES * picture) * picture + i % picture];
            }
            float[] text = new float[all.length * CONFIG.captionChannels()];
            KeyedRandom.of(3, 0, b, Purpose.WORD_VECTOR).fillNormal(text, 0, text.length);
            samples.add(new Sample(b, latent, text, all, FRAMES, 64, 64, 8));
        }
        return new MicroBatch("clips", step, samples, shape, all.length, CONFIG.captionChannels());
    }

    @Test
    void predictsNearlyTheSame() {
        float[] expected = output(Precision.FP32);
        float[] found = output(Precision.BF16);
        double error = GoldenTensors.error(expected, found);
        assertTrue(error > 1e-5 && error < 3e-2, "relative error " + error);
    }

    private static float[] output(Precision precision) {
        TrainerOptions options = TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 1)
                .withComputation(precision, false)
                .withOptimizer(OptimizerOptions.REFERENCE.withoutEma());
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST);
                TensorScope scope = TensorScope.open()) {
            // All layers at random, those too that start at zero.
            FlatParameters parameters = weights.parameters();
            parameters.layout().slots().forEach((name, slot) -> {
                float[] values = new float[(int) slot.spec().elements()];
                KeyedRandom.of(4, 0, slot.begin(), Purpose.INITIALISATION).fillNormal(values, 0, values.length);
                for (int i = 0; i < values.length; i++) {
                    values[i] *= 0.1f;
                }
                parameters.values().write(slot.begin(), FloatBuffer.wrap(values));
            });
            try (Trainer trainer =
                    new Trainer(options, Bfloat16TrainingTest::drawn, weights, HOST, new SingleProcess())) {
                return trainer.output(clips(0)).floats();
            }
        }
    }
}
