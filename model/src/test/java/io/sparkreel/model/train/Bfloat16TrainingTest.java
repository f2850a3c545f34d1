// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.diffusion.DiffusionLoss;
import io.sparkreel.model.diffusion.NoiseSchedule;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.stdit.BlockwiseBackward;
import io.sparkreel.model.stdit.Captions;
import io.sparkreel.model.stdit.ParameterLayout;
import io.sparkreel.model.stdit.Stdit2;
import io.sparkreel.model.stdit.Stdit2Config;
import io.sparkreel.model.stdit.Stdit2Input;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
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
        double[] expected = losses(Precision.FLOAT32, steps);
        double[] found = losses(Precision.BFLOAT16, steps);
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
        try (FlatParameters parameters = new FlatParameters(ParameterLayout.of(CONFIG), HOST)) {
            parameters.initialise(11);
            Stdit2 model = new Stdit2(CONFIG, parameters::tensor, HOST, precision);
            BlockwiseBackward backward = new BlockwiseBackward(model, false);
            DiffusionLoss loss = new DiffusionLoss(NoiseSchedule.linear(""), false, 1, HOST);
            try (FlatGradients gradients = new FlatGradients(parameters, HOST);
                    AdamW optimizer = new AdamW(
                            AdamW.Options.REFERENCE, HOST, parameters.layout().elements())) {
                for (int step = 0; step < steps; step++) {
                    gradients.clear();
                    means[step / WINDOW] += backward(backward, loss, step) / WINDOW;
                    GradientClip.apply(gradients.values(), 1);
                    optimizer.update(parameters, gradients, 3e-4);
                }
            }
        }
        return means;
    }

    private static double backward(BlockwiseBackward backward, DiffusionLoss loss, int step) {
        double[] mean = new double[1];
        try (TensorScope scope = TensorScope.open()) {
            DiffusionLoss.Batch batch = batch(loss, step);
            backward.run(
                    input(batch),
                    output -> {
                        DiffusionLoss.Terms terms = loss.terms(output, batch);
                        for (float total : terms.total().floats()) {
                            mean[0] += total / BATCH;
                        }
                        return Kernels.instance().scaledSum(terms.total(), 1.0 / BATCH);
                    },
                    group -> {});
        }
        return mean[0];
    }

    /** Clips that are one of four pictures, the same in every frame. */
    private static DiffusionLoss.Batch batch(DiffusionLoss loss, int step) {
        int picture = SIDE * SIDE;
        int size = 4 * FRAMES * picture;
        float[] start = new float[BATCH * size];
        float[] noise = new float[start.length];
        int[] times = new int[BATCH];
        for (int b = 0; b < BATCH; b++) {
            float[] pixels = new float[4 * picture];
            KeyedRandom.of(1, 0, b, Purpose.LATENT_NOISE).fillNormal(pixels, 0, pixels.length);
            for (int i = 0; i < size; i++) {
                start[b * size + i] = pixels[i / (FRAMES * picture) * picture + i % picture];
            }
            KeyedRandom.of(2, step, b, Purpose.NOISE).fillNormal(noise, b * size, size);
            times[b] = KeyedRandom.of(2, step, b, Purpose.TIMESTEP).nextInt(1000);
        }
        long[] shape = {BATCH, 4, FRAMES, SIDE, SIDE};
        return loss.noise(HOST.of(start, shape), HOST.of(noise, shape), times, null);
    }

    private static Stdit2Input input(DiffusionLoss.Batch batch) {
        int slots = CONFIG.modelMaxLength();
        List<float[]> text = new ArrayList<>();
        for (int b = 0; b < BATCH; b++) {
            text.add(new float[slots * CONFIG.captionChannels()]);
            KeyedRandom.of(3, 0, b, Purpose.WORD_VECTOR).fillNormal(text.get(b), 0, text.get(b).length);
        }
        boolean[] all = new boolean[slots];
        Arrays.fill(all, true);
        float[] times = new float[BATCH];
        for (int b = 0; b < BATCH; b++) {
            times[b] = batch.steps()[b];
        }
        Captions captions = Captions.of(HOST, CONFIG.captionChannels(), text, Collections.nCopies(BATCH, all));
        float[] side = {64, 64, 64, 64};
        return new Stdit2Input(
                batch.noised(),
                times,
                captions,
                null,
                new Stdit2Input.ClipSize(
                        new float[] {3, 3, 3, 3}, side, side, new float[] {1, 1, 1, 1}, new float[] {8, 8, 8, 8}));
    }

    @Test
    void predictsNearlyTheSame() {
        try (FlatParameters parameters = new FlatParameters(ParameterLayout.of(CONFIG), HOST);
                TensorScope scope = TensorScope.open()) {
            // All layers at random, those too that start at zero.
            parameters.layout().slots().forEach((name, slot) -> {
                float[] values = new float[(int) slot.spec().elements()];
                KeyedRandom.of(4, 0, slot.begin(), Purpose.INITIALISATION).fillNormal(values, 0, values.length);
                for (int i = 0; i < values.length; i++) {
                    values[i] *= 0.1f;
                }
                parameters.values().write(slot.begin(), java.nio.FloatBuffer.wrap(values));
            });
            Stdit2Input input = input(batch(new DiffusionLoss(NoiseSchedule.linear(""), false, 1, HOST), 0));
            float[] expected =
                    new Stdit2(CONFIG, parameters::tensor, HOST).forward(input).floats();
            float[] found = new Stdit2(CONFIG, parameters::tensor, HOST, Precision.BFLOAT16)
                    .forward(input)
                    .floats();
            double error = GoldenTensors.error(expected, found);
            assertTrue(error > 1e-5 && error < 3e-2, "relative error " + error);
        }
    }
}
