// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.optim.AdamW;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.Freeze;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.train.Trainer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Every key about computing reaches the trainer. */
class RankOptionsTest {
    private static Trainer.Options options(String... lines) {
        return TrainingRank.options(
                TrainingData.config(Path.of("data"), Path.of("run"), lines).config(), 900);
    }

    @Test
    void whatIsConfiguredReachesTheTrainer() {
        Trainer.Options chosen = options(
                "dtype: bf16",
                "lr: 3.0e-4",
                "lr_schedule: cosine",
                "warmup_steps: 30",
                "grad_clip: 0.7",
                "weight_decay: 0.05",
                "adam_betas: [0.8, 0.95]",
                "adam_eps: 1.0e-6",
                "ema_decay: 0.99",
                "ema_warmup: true",
                "optimizer_sharding: true",
                "grad_checkpoint: true",
                "seed: 9",
                "mask_ratios: {mask_image_head: 1.0}",
                "scheduler: {type: iddpm-speed, predict_xstart: true, vb_weight: 0.25, timestep_respacing: '100'}");
        assertEquals(
                new LearningRate(LearningRate.Schedule.COSINE, 3e-4, 30, 900),
                chosen.optimizer().learningRate());
        assertEquals(
                new AdamW.Options(0.8, 0.95, 1e-6, 0.05), chosen.optimizer().adam());
        assertEquals(Precision.BFLOAT16, chosen.computation().precision());
        assertEquals(0.7, chosen.optimizer().gradientClip());
        assertEquals(new Ema.Options(0.99, true), chosen.optimizer().ema());
        assertEquals(new Trainer.ProcessOptions(true, 0.25, "100", true), chosen.process());
        assertEquals(9, chosen.seed());
        assertTrue(chosen.optimizer().sharded() && chosen.computation().checkpointActivations());
        boolean[] noised = chosen.frameMask().draw(4, KeyedRandom.of(1, 0, 0, Purpose.FRAME_MASK));
        assertFalse(noised[0], "the first frame is given");
    }

    @Test
    void whatIsLeftOutIsOff() {
        Trainer.Options usual = options("grad_clip: null");
        assertEquals(
                new LearningRate(LearningRate.Schedule.CONSTANT, 1e-3, 0, 900),
                usual.optimizer().learningRate());
        assertEquals(AdamW.Options.REFERENCE, usual.optimizer().adam());
        assertEquals(Precision.FLOAT32, usual.computation().precision());
        assertEquals(Freeze.NOTHING, usual.freeze());
        assertEquals(0, usual.optimizer().gradientClip());
        assertNull(usual.frameMask());
        assertEquals(Trainer.ProcessOptions.REFERENCE, usual.process());
        assertFalse(usual.optimizer().ema().warmup()
                || usual.optimizer().sharded()
                || usual.computation().checkpointActivations());
    }

    @Test
    void frozenPartsAreThoseNamed() {
        String model = "model: {type: STDiT2, hidden_size: 24, depth: 1, num_heads: 2, input_sq_size: 32, freeze: %s}";
        assertEquals(
                Freeze.NOT_TEMPORAL, options(model.formatted("not_temporal")).freeze());
        assertEquals(Freeze.TEXT, options(model.formatted("text")).freeze());
    }
}
