// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.jobs.config.BucketLevel;
import io.sparkreel.jobs.config.Device;
import io.sparkreel.jobs.config.TextEncoderConfig;
import io.sparkreel.jobs.config.reader.Flat;
import io.sparkreel.jobs.config.reader.Synonym;
import io.sparkreel.model.autoencoder.CodecConfig;
import io.sparkreel.model.family.ModelSection;
import io.sparkreel.model.process.ProcessSection;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.NoEffect;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.torch.Precision;
import java.util.Map;

/**
 * A training run: the keys of {@code conf/train/*.yaml}.
 *
 * @param dataset the clips
 * @param bucketConfig resolution to frames to level: batch sizes for the buckets of the shards; null: as the bucketing
 *     job was told. Which clip is in which bucket is a matter of the shards alone
 * @param maskRatios how often each kind of frame mask is drawn, by name; null: there are no conditioning frames
 * @param dtype what the model computes in
 * @param device what it computes on
 * @param gradCheckpoint recompute each block in the backward pass: less memory, more time
 * @param model the model
 * @param vae the latent codec
 * @param textEncoder the text encoder
 * @param scheduler the diffusion process
 * @param optimizer optimizer, learning rate schedule and EMA
 * @param plan how clips are laid out in steps
 * @param steps how ranks prepare and take them
 * @param collective how ranks talk to each other
 * @param run run length and output
 * @param watch monitoring
 * @param samples clips that are sampled during the run
 */
@NoEffect(key = "num_workers", instead = "threads_per_rank sets the threads of a rank")
@NoEffect(key = "num_bucket_build_workers", instead = "the bucketing job has assigned the buckets")
@NoEffect(key = "plugin", instead = "the executors of the Spark job are the data-parallel ranks")
@NoEffect(key = "sp_size", instead = "STDiT2 has no sequence parallelism; the executors are data-parallel ranks")
@Synonym(
        key = "lr",
        names = {"learning_rate", "optimizer"})
@Synonym(
        key = "lr_schedule",
        names = {"learning_rate_schedule", "lr_scheduler"})
@Synonym(key = "weight_decay", names = "weight_decay_rate")
@Synonym(key = "adam_betas", names = "betas")
@Synonym(key = "adam_eps", names = "eps")
@Synonym(
        key = "grad_clip",
        names = {"max_grad_norm", "gradient_clipping"})
@Synonym(key = "grad_checkpoint", names = "gradient_checkpointing")
@Synonym(
        key = "dtype",
        names = {"mixed_precision", "precision"})
@Synonym(key = "epochs", names = "num_epochs")
@Synonym(
        key = "max_steps",
        names = {"num_steps", "train_steps"})
@Synonym(
        key = "ckpt_every",
        names = {"checkpoint_every", "save_every"})
@Synonym(key = "load", names = "resume")
@Synonym(key = "outputs", names = "output_dir")
@Synonym(key = "save_dir", names = "output_dir")
@Synonym(key = "bucket_config", names = "buckets")
@Synonym(key = "warmup_steps", names = "warmup")
@Synonym(key = "micro_batches_per_step", names = "accumulation_steps")
@Synonym(key = "hidden_size", names = "hidden_dim")
@Synonym(key = "depth", names = "num_layers")
@Synonym(key = "num_heads", names = "heads")
@Synonym(key = "from_pretrained", names = "checkpoint")
@Synonym(key = "data_path", names = "path")
@Synonym(key = "cfg_scale", names = "guidance_scale")
@Synonym(key = "num_sampling_steps", names = "sampling_steps")
@Synonym(key = "image_size", names = "resolution")
@Synonym(key = "num_frames", names = "frames")
public record TrainingConfig(
        DatasetConfig dataset,
        @Default("null") Map<String, Map<Integer, BucketLevel>> bucketConfig,
        @Default("null") Map<String, Double> maskRatios,
        @Default("bf16") Precision dtype,
        @Default("auto") Device device,
        @Default("false") boolean gradCheckpoint,
        ModelSection model,
        CodecConfig vae,
        TextEncoderConfig textEncoder,
        ProcessSection scheduler,
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
