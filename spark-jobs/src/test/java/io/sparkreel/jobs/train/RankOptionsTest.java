// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.parts.Components;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.Families;
import io.sparkreel.model.optim.AdamW;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.train.TrainerOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every key about computing reaches the trainer. */
class RankOptionsTest {
    private static TrainerOptions options(String... lines) {
        return TrainingRank.options(
                TrainingData.config(Path.of("data"), Path.of("run"), lines).config(), 900);
    }

    @Test
    void whatIsConfiguredReachesTheTrainer() {
        TrainerOptions chosen = options(
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
        assertEquals(Precision.BF16, chosen.computation().precision());
        assertEquals(0.7, chosen.optimizer().gradientClip());
        assertEquals(new Ema.Options(0.99, true), chosen.optimizer().ema());
        assertEquals(new Iddpm.Options(true, 0.25, "100", true), ((Iddpm) chosen.process()).options());
        assertEquals(9, chosen.seed());
        assertTrue(chosen.optimizer().sharded() && chosen.computation().checkpointActivations());
        boolean[] noised = chosen.frameMask().draw(4, KeyedRandom.of(1, 0, 0, Purpose.FRAME_MASK));
        assertFalse(noised[0], "the first frame is given");
    }

    @Test
    void whatIsLeftOutIsOff() {
        TrainerOptions usual = options("grad_clip: null");
        assertEquals(
                new LearningRate(LearningRate.Schedule.CONSTANT, 1e-3, 0, 900),
                usual.optimizer().learningRate());
        assertEquals(AdamW.Options.REFERENCE, usual.optimizer().adam());
        assertEquals(Precision.FP32, usual.computation().precision());
        assertEquals(0, usual.optimizer().gradientClip());
        assertNull(usual.frameMask());
        assertEquals(Iddpm.Options.REFERENCE, ((Iddpm) usual.process()).options());
        assertFalse(usual.optimizer().ema().warmup()
                || usual.optimizer().sharded()
                || usual.computation().checkpointActivations());
    }

    @Test
    void frozenPartsAreThoseNamed() {
        DenoiserConfig model = Families.published("STDiT2-S/2");
        String temporal = "blocks.0.attn_temp.qkv.weight";
        String text = "blocks.0.cross_attn.proj.bias";
        assertEquals(List.of(false, true), frozen("not_temporal", model, temporal, text));
        assertEquals(List.of(false, true), frozen("text", model, temporal, text));
        assertEquals(List.of(true, false), frozen("not_temporal", model, "final_layer.linear.bias", temporal));
        assertEquals(List.of(false, false), frozen("null", model, temporal, text));
    }

    private static List<Boolean> frozen(String freeze, DenoiserConfig model, String... names) {
        String section = "model: {type: STDiT2, hidden_size: 24, depth: 1, num_heads: 2, freeze: " + freeze + "}";
        Predicate<String> frozen = Components.frozen(
                TrainingData.config(Path.of("data"), Path.of("run"), section)
                        .config()
                        .model(),
                model);
        return Stream.of(names).map(frozen::test).toList();
    }
}
