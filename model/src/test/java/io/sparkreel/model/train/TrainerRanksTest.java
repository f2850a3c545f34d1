// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.RecordingCollective;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What ranks do in a step because there are others. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainerRanksTest {
    private static final Tensors HOST = Tensors.onHost();

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    private static TrainerOptions options(boolean sharded) {
        return TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 42)
                .withOptimizer(OptimizerOptions.REFERENCE
                        .withLearningRate(LearningRate.constant(1e-2))
                        .withEma(new Ema.Options(0.9, true))
                        .withGradientClip(0)
                        .withSharding(sharded));
    }

    @Test
    void aStepThatOneRankSpoilsIsSkippedByAllAndOnlyWhatSpoiledItIsNamed() throws Exception {
        for (boolean sharded : new boolean[] {false, true}) {
            List<float[]> outcomes = ThreadRanks.run(3, ring -> spoiled(ring, sharded));
            for (float[] rank : outcomes) {
                assertArrayEquals(outcomes.get(0), rank);
            }
        }
    }

    private static float[] spoiled(Collective ring, boolean sharded) {
        MicroBatch sound = TinyTraining.batch(0, TinyTraining.IMAGE, ring.rank());
        Sample broken = TinyTraining.sample(9, TinyTraining.VIDEO);
        broken.latent()[5] = Float.NaN;
        MicroBatch poison = new MicroBatch(
                "video",
                0,
                List.of(TinyTraining.sample(8, TinyTraining.VIDEO), broken),
                TinyTraining.VIDEO,
                TinyTraining.SLOTS,
                TinyTraining.TEXT_WIDTH);
        List<MicroBatch> mine = ring.rank() == 1 ? List.of(sound, poison) : List.of(sound);
        try (ModelWeights weights = new ModelWeights(TinyTraining.CONFIG, HOST)) {
            weights.initialise(3);
            float[] before = TinyTraining.values(weights.parameters().values());
            try (Trainer trainer = new Trainer(options(sharded), weights, HOST, ring)) {
                StepReport skipped = trainer.step(0, mine, 5);
                assertTrue(skipped.notFinite());
                assertEquals(5, skipped.samples());
                assertArrayEquals(
                        before, TinyTraining.values(weights.parameters().values()));
                assertEquals(0, trainer.optimizer().steps());
                assertEquals(ring.rank() == 1 ? List.of(poison) : List.of(), trainer.notFinite(mine));
                assertFalse(trainer.step(1, List.of(sound), 3).notFinite());
                float[] after = TinyTraining.values(weights.parameters().values());
                assertFalse(Arrays.equals(before, after));
                return after;
            }
        }
    }

    @Test
    void eachBlockIsReducedWhileThoseBeforeItHaveNoGradientYet() {
        RecordingCollective recording = new RecordingCollective();
        try (ModelWeights weights = new ModelWeights(TinyTraining.CONFIG, HOST)) {
            float[] values = new float[(int) weights.parameters().layout().elements()];
            KeyedRandom.of(3, 0, 0, KeyedRandom.Purpose.LATENT_NOISE).fillNormal(values, 0, values.length);
            for (int i = 0; i < values.length; i++) {
                values[i] *= 0.1f; // behind a layer that starts at zero nothing would have a gradient
            }
            weights.parameters().values().write(0, FloatBuffer.wrap(values));
            int groups = weights.parameters().layout().groups().size();
            try (Trainer trainer = new Trainer(options(false), weights, HOST, recording)) {
                List<MicroBatch> two = List.of(
                        TinyTraining.batch(0, TinyTraining.VIDEO, 1), TinyTraining.batch(0, TinyTraining.VIDEO, 2));
                trainer.step(0, two.subList(0, 1), 1); // the ranges are known now
                assertEquals(groups, recording.take().size());
                trainer.step(1, two.subList(0, 1), 1);
                List<float[][]> asked = recording.take();
                float[][] last = recording.now();
                assertEquals(groups, asked.size());
                for (int sum = 0; sum < groups; sum++) {
                    assertArrayEquals(last[sum], asked.get(sum)[sum], "what is summed changes afterwards");
                    for (int group = 0; group < groups; group++) {
                        assertEquals(
                                group <= sum, hasValues(asked.get(sum)[group]), "group " + group + " in sum " + sum);
                    }
                }
                // Of several micro-batches the last one's backward pass makes the gradients final.
                trainer.step(2, two, 2);
                asked = recording.take();
                last = recording.now();
                assertEquals(groups, asked.size());
                for (int sum = 0; sum < groups; sum++) {
                    assertArrayEquals(last[sum], asked.get(sum)[sum], "what is summed changes afterwards");
                }
            }
        }
    }

    private static boolean hasValues(float[] gradient) {
        for (float value : gradient) {
            if (value != 0) {
                return true;
            }
        }
        return false;
    }
}
