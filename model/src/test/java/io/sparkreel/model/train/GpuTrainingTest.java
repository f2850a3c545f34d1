// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.generate.ClipShape;
import io.sparkreel.model.generate.LatentGenerator;
import io.sparkreel.model.generate.LatentRequest;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same training and sampling on a GPU and on the host. */
@Tag("gpu")
class GpuTrainingTest {
    private static final Tensors HOST = Tensors.onHost();
    private static final Tensors GPU = Tensors.onGpu(0);
    private static final Stdit2Config CONFIG =
            new Stdit2Config(64, 4, List.of(1, 2, 2), 96, 2, 4, 4, 0.3, true, 32, 8, true);

    @BeforeAll
    static void start() {
        assertEquals(Optional.empty(), Torch.problem(GPU));
    }

    private static float[] normal(int count, long key) {
        float[] values = new float[count];
        KeyedRandom.of(5, 0, key, KeyedRandom.Purpose.LATENT_NOISE).fillNormal(values, 0, count);
        return values;
    }

    private static List<MicroBatch> clips() {
        LatentShape shape = new LatentShape(4, 3, 5, 6);
        boolean[] mask = new boolean[CONFIG.modelMaxLength()];
        Arrays.fill(mask, 0, 5, true);
        int text = CONFIG.modelMaxLength() * CONFIG.captionChannels();
        List<Sample> samples = List.of(
                new Sample(1, normal(shape.elements(), 1), normal(text, 2), mask, 3, 40, 48, 24),
                new Sample(2, normal(shape.elements(), 3), normal(text, 4), mask, 3, 40, 48, 24));
        return List.of(new MicroBatch("144p", 0, samples, shape, CONFIG.modelMaxLength(), CONFIG.captionChannels()));
    }

    /** Losses of some steps, with activations kept or computed again. */
    private static double[] losses(Tensors tensors, Precision precision, boolean checkpointActivations) {
        long before = Tensor.liveCount();
        double[] losses = new double[8];
        FrameMask masks = FrameMask.of(Map.of("mask_no", 0.5, "mask_image_head", 0.5));
        TrainerOptions options = TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 42)
                .withFrameMask(masks)
                .withComputation(precision, checkpointActivations)
                .withOptimizer(OptimizerOptions.REFERENCE
                        .withLearningRate(LearningRate.constant(1e-3))
                        .withEma(new Ema.Options(0.9, true)));
        try (ModelWeights weights = new ModelWeights(CONFIG, tensors)) {
            weights.initialise(3);
            try (Trainer trainer = new Trainer(options, weights, tensors, new SingleProcess())) {
                for (int step = 0; step < losses.length; step++) {
                    losses[step] = trainer.step(step, clips(), 2).loss();
                }
            }
        }
        assertEquals(before, Tensor.liveCount());
        return losses;
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void trainsAsOnTheHost(Precision precision) {
        double[] expected = losses(HOST, precision, false);
        for (boolean checkpointActivations : new boolean[] {false, true}) {
            double[] found = losses(GPU, precision, checkpointActivations);
            for (int step = 0; step < expected.length; step++) {
                double tolerance = precision == Precision.FP32 ? 1e-3 : 2e-2;
                assertEquals(expected[step], found[step], tolerance * expected[step], "step " + step);
            }
        }
    }

    @Test
    void samplesAsOnTheHost() {
        assertEquals(0, GoldenTensors.error(sample(HOST), sample(GPU)), 1e-3);
    }

    private static float[] sample(Tensors tensors) {
        try (ModelWeights weights = new ModelWeights(CONFIG, tensors)) {
            float[] values = normal((int) weights.parameters().layout().elements(), 9);
            for (int i = 0; i < values.length; i++) {
                values[i] *= 0.05f; // all layers at random, those too that start at zero
            }
            weights.parameters().values().write(0, FloatBuffer.wrap(values));
            Sampler sampler = new Iddpm(Iddpm.Options.REFERENCE).sampler("iddpm", 5, tensors);
            boolean[] mask = new boolean[CONFIG.modelMaxLength()];
            Arrays.fill(mask, true);
            TextFeatures caption = TextFeatures.single(normal(mask.length * CONFIG.captionChannels(), 6), mask);
            return new LatentGenerator(
                            weights.model(tensors), weights.nullCaption(), sampler, new Sampler.Guidance(3, 3))
                    .sample(
                            List.of(new LatentRequest(caption, 1, 2, 0, 0, null)),
                            new ClipShape(3, 40, 48, 24, false),
                            new LatentShape(CONFIG.inChannels(), 3, 5, 6),
                            done -> {})[0];
        }
    }
}
