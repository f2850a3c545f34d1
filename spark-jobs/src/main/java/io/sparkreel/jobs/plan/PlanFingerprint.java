// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.jobs.config.train.DatasetType;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.features.Facts;
import io.sparkreel.model.settings.Choice;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the steps of a run follow from, as text that a checkpoint keeps: two runs with the same text have the same clips
 * in the same steps, and where the texts differ they say what has changed.
 */
public final class PlanFingerprint {
    private PlanFingerprint() {}

    public static String of(TrainingConfig config, BucketingManifest manifest, PlanSettings rules) {
        Map<String, Object> facts = new LinkedHashMap<>();
        if (config.dataset().type() == DatasetType.VIDEO_TEXT_DATASET) {
            facts.put("data", manifest.origin().run());
            facts.put(
                    "image_size",
                    config.dataset().imageSize().height() + "x"
                            + config.dataset().imageSize().width());
            facts.put("num_frames", config.dataset().numFrames());
        } else {
            // Of the content alone: the same data made again, or lying elsewhere, is the same.
            facts.put("data", manifest.contents().fingerprint());
            facts.put("data's seed", manifest.rule().seed());
            facts.put("data's epochs", manifest.rule().epochs());
        }
        facts.put("frame_interval", config.dataset().frameInterval());
        facts.put("seed", config.run().seed());
        facts.put("sampler", rules.sampler().word());
        facts.put("micro_batches_per_step", rules.planner().microBatchesPerStep());
        facts.put("step_mix", Choice.word(config.plan().stepMix()));
        rules.batchSizes().forEach((tag, size) -> facts.put("batch size of " + tag, size));
        if (config.plan().stepMix() == StepPlanner.Mix.SIMILAR) {
            facts.put("costs", Integer.toHexString(new TreeMap<>(rules.clipCosts()).hashCode()));
        }
        if (config.watch().evalFraction() > 0) {
            facts.put("eval_fraction", config.watch().evalFraction());
        }
        return Facts.text(facts);
    }
}
