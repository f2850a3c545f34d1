// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.jobs.config.BucketLevel;
import io.sparkreel.jobs.config.CodecConfig;
import io.sparkreel.jobs.config.Device;
import io.sparkreel.jobs.config.ModelConfig;
import io.sparkreel.jobs.config.Precision;
import io.sparkreel.jobs.config.TextEncoderConfig;
import io.sparkreel.jobs.config.reader.Check;
import io.sparkreel.jobs.config.reader.Default;
import io.sparkreel.jobs.config.reader.Flat;
import io.sparkreel.jobs.config.reader.Section;
import java.util.Map;

/**
 * A training run: the keys of {@code conf/train/*.yaml}.
 *
 * @param dataset the clips
 * @param bucketConfig resolution to frames to level: batch sizes for the buckets of the shards; null: as the bucketing
 *     job was told. Which clip is in which bucket is a matter of the shards alone
 * @param maskRatios how often each kind of frame mask is drawn, by name; null: no frame is ever given
 * @param dtype what the model computes in
 * @param device what it computes on
 * @param gradCheckpoint recompute each block in the backward pass: less memory, more time
 * @param model the model
 * @param vae the latent codec
 * @param textEncoder the text encoder
 * @param scheduler the diffusion process
 * @param optimizer AdamW and what surrounds it
 * @param plan how clips are laid out in steps
 * @param steps how ranks prepare and take them
 * @param collective how ranks talk to each other
 * @param run how long, and what is left
 * @param watch what one sees of it
 * @param samples clips that are drawn as it goes on
 */
public record TrainingConfig(
        DatasetConfig dataset,
        @Default("null") Map<String, Map<Integer, BucketLevel>> bucketConfig,
        @Default("null") Map<String, Double> maskRatios,
        @Default("bf16") Precision dtype,
        @Default("auto") Device device,
        @Default("false") boolean gradCheckpoint,
        ModelConfig model,
        CodecConfig vae,
        TextEncoderConfig textEncoder,
        SchedulerConfig scheduler,
        @Flat OptimizerConfig optimizer,
        @Flat PlanConfig plan,
        @Flat StepConfig steps,
        @Flat CollectiveConfig collective,
        @Flat RunConfig run,
        @Flat WatchConfig watch,
        SampleConfig samples)
        implements Section {
    public TrainingConfig {
        Check.that(
                watch.sampleEvery() == null || !samples.prompts().isEmpty(),
                "samples.prompts",
                samples.prompts(),
                "at least one text, for sample_every");
        if (maskRatios != null) {
            maskRatios.forEach((name, ratio) -> Check.fraction("mask_ratios." + name, ratio));
        }
        Check.that(
                device != Device.CPU || collective.transport() != CollectiveTransport.NCCL,
                "transport",
                "nccl",
                "auto, tcp or shared: device is cpu, and NCCL works between GPUs");
        boolean fixed = dataset.type() == DatasetType.VIDEO_TEXT_DATASET;
        Check.that(
                !fixed || plan.batchSize() != null || plan.batchSizes() == BatchSizing.AUTO,
                "batch_size",
                null,
                "a whole number of at least 1, or batch_sizes: auto: dataset.type is VideoTextDataset");
        Check.that(
                !fixed || plan.sampler() == StepSampler.PLANNER,
                "sampler",
                plan.sampler().word(),
                "planner: open-sora orders the clips of buckets, and dataset.type is VideoTextDataset");
    }
}
