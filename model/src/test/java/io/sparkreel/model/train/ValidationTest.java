// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.DenoiserInput;
import io.sparkreel.model.denoiser.TextBatch;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.Validation.ClipLoss;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ValidationTest {
    private static final Tensors HOST = Tensors.onHost();
    private static final int SLOTS = 4;
    private static final int TEXT_WIDTH = 8;
    private static final LatentShape SHAPE = new LatentShape(3, 4, 4, 4);
    private static final Stdit2Config CONFIG =
            new Stdit2Config(64, 3, List.of(1, 2, 2), 48, 2, 4, 4, 0.5, true, TEXT_WIDTH, SLOTS, true);
    /** TextBatch that are often dropped and frames that are often given, in training. */
    private static final TrainerOptions OPTIONS = TrainerOptions.of(
                    new Iddpm(new Iddpm.Options(true, 0.001, "", false)), 42)
            .withFrameMask(FrameMask.of(maskRatios()))
            .withOptimizer(OptimizerOptions.REFERENCE
                    .withLearningRate(LearningRate.constant(3e-3))
                    .withEma(new Ema.Options(0.5, false)));

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /** In a fixed order: the order of the strategies is the order in which their shares are laid out. */
    private static Map<String, Double> maskRatios() {
        Map<String, Double> ratios = new LinkedHashMap<>();
        ratios.put("mask_no", 0.1);
        ratios.put("mask_quarter_head", 0.9);
        return ratios;
    }

    private static MicroBatch batch(long epoch, long... clips) {
        List<Sample> samples = new ArrayList<>();
        for (long clip : clips) {
            float[] latent = new float[SHAPE.elements()];
            float[] text = new float[SLOTS * TEXT_WIDTH];
            KeyedRandom random = KeyedRandom.of(7, 0, clip, KeyedRandom.Purpose.LATENT_NOISE);
            random.fillNormal(latent, 0, latent.length);
            random.fillNormal(text, 0, text.length);
            samples.add(new Sample(clip, latent, text, new boolean[] {true, true, true, false}, 4, 32, 32, 24));
        }
        return new MicroBatch("bucket", epoch, samples, SHAPE, SLOTS, TEXT_WIDTH);
    }

    @Test
    void theSameWeightsGetTheSameLossWhateverWasDoneBefore() {
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST)) {
            weights.initialise(3);
            try (Trainer trainer = new Trainer(OPTIONS, weights, HOST, new SingleProcess())) {
                Validation validation = trainer.validation();
                List<ClipLoss> first = validation.losses(batch(0, 1, 2));
                validation.losses(batch(0, 8, 9));
                assertEquals(first, validation.losses(batch(5, 1, 2)), "the epoch plays a part");
                assertEquals(
                        List.of("bucket", "bucket"),
                        first.stream().map(ClipLoss::bucket).toList());
                assertNotEquals(first.get(0).loss(), first.get(1).loss());
                assertEquals(
                        first.get(0).loss(),
                        validation.losses(batch(0, 1)).get(0).loss(),
                        1e-5);
                // Before training the model answers zero to everything, and the mean square of these latents is near 1.
                assertEquals(1, first.get(0).terms().get("mse"), 0.25);
            }
        }
    }

    @Test
    void judgingChangesNothingAndTrainingMakesItBetter() {
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST)) {
            weights.initialise(3);
            try (Trainer trainer = new Trainer(OPTIONS, weights, HOST, new SingleProcess())) {
                float[] before = values(weights);
                double untrained = meanLoss(trainer);
                assertArrayEquals(before, values(weights));
                for (int step = 0; step < 60; step++) {
                    trainer.step(step, List.of(batch(step, 2L * step, 2L * step + 1)), 2);
                }
                double trained = meanLoss(trainer);
                assertTrue(trained < 0.95 * untrained, untrained + " to " + trained);
            }
        }
    }

    /** Over many clips: each is judged at one timestep, and at a small one there is little to gain. */
    private static double meanLoss(Trainer trainer) {
        return trainer.validation().losses(batch(0, LongStream.range(0, 16).toArray())).stream()
                .mapToDouble(ClipLoss::loss)
                .average()
                .orElseThrow();
    }

    @Test
    void theAveragedModelFollowsTheAverage() {
        try (ModelWeights weights = new ModelWeights(CONFIG, HOST);
                TensorScope scope = TensorScope.open()) {
            weights.initialise(3);
            try (Trainer trainer = new Trainer(OPTIONS, weights, HOST, new SingleProcess())) {
                Denoiser averaged = trainer.averagedModel();
                assertArrayEquals(output(weights.model(HOST)), output(averaged));
                for (int step = 0; step < 3; step++) {
                    trainer.step(step, List.of(batch(step, 1, 2)), 2);
                }
                try (ModelWeights copy = new ModelWeights(CONFIG, HOST)) {
                    FloatBuffer ema =
                            FloatBuffer.allocate((int) trainer.ema().values().elements());
                    trainer.ema().values().read(0, ema);
                    copy.parameters().values().write(0, ema.flip());
                    assertArrayEquals(output(copy.model(HOST)), output(trainer.averagedModel()));
                }
                assertNotEquals(output(weights.model(HOST))[5], output(averaged)[5]);
            }
        }
    }

    private static float[] output(Denoiser model) {
        try (TensorScope scope = TensorScope.open()) {
            Sample sample = batch(0, 1).samples().get(0);
            TextBatch captions = TextBatch.of(HOST, TEXT_WIDTH, List.of(sample.text()), List.of(sample.textMask()));
            ClipFacts size = new ClipFacts(
                    new float[] {4}, new float[] {32}, new float[] {32}, new float[] {1}, new float[] {24});
            return model.forward(new DenoiserInput(
                            HOST.of(sample.latent(), 1, 3, 4, 4, 4), new float[] {500}, captions, null, size))
                    .floats();
        }
    }

    private static float[] values(ModelWeights weights) {
        FloatBuffer values =
                FloatBuffer.allocate((int) weights.parameters().values().elements());
        weights.parameters().values().read(0, values);
        return values.array();
    }
}
