// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.JobFlag.Kind;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.train.TrainingConfig;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * The command line of a job.
 *
 * @param name of the launcher
 * @param job what errors call it
 * @param summary what the job does, in lines
 * @param type the configuration it reads
 * @param folder where the job writes
 * @param flags its options beside {@code --config}, {@code --set} and {@code --help}
 * @param examples command lines without the launcher's path
 */
record JobCommand<C extends Record>(
        String name,
        String job,
        List<String> summary,
        Class<C> type,
        Function<C, String> folder,
        List<JobFlag> flags,
        List<String> examples) {
    static final JobCommand<BucketingConfig> BUCKETING = new JobCommand<>(
            "bucketing",
            "the bucketing job",
            List.of(
                    "Probes media files, assigns every clip to a bucket of resolution, frames and aspect ratio, and writes",
                    "clips, quarantine and shards as Parquet. Run again over the same output it probes only what is new."),
            BucketingConfig.class,
            BucketingConfig::output,
            List.of(
                    new JobFlag(
                            "input",
                            Kind.TEXT,
                            "input",
                            "PATH",
                            "folder or pattern of media files (captions in NAME.txt or"
                                    + " NAME.json), or table (.csv, .jsonl, .parquet)"),
                    new JobFlag(
                            "output",
                            Kind.TEXT,
                            "output",
                            "DIR",
                            "folder for clips, quarantine, shards, report and manifest"),
                    new JobFlag("overwrite", Kind.SWITCH, "overwrite", "", "replace what an earlier run left there"),
                    new JobFlag(
                            "probe",
                            Kind.VALUE,
                            "probe",
                            "MODE",
                            "numbers of a table: missing trusts them, all checks"),
                    new JobFlag("verify", Kind.VALUE, "verify", "MODE", "what is decoded: none, edges or full"),
                    new JobFlag("epochs", Kind.VALUE, "epochs", "N", "independent draws to write"),
                    new JobFlag("seed", Kind.VALUE, "seed", "N", "of the keep_prob draws")),
            List.of(
                    "--config conf/bucketing/stage1.yaml --input /data/videos --output /data/buckets",
                    "--config conf/bucketing/stage1.yaml --input /data/videos --output /data/buckets"
                            + " --set 'bucket_config={\"480p\": {16: [1.0, 8]}}'"));

    static final JobCommand<CurateConfig> CURATE = new JobCommand<>(
            "curate",
            "the curate job",
            List.of(
                    "Cuts raw footage into clips and judges them, without writing a video: opens each video once, keeps signals",
                    "of every frame, and leaves a table of clips as ranges of frames, which the bucketing job reads. Run again",
                    "over the same output it opens only what is new; other thresholds open nothing."),
            CurateConfig.class,
            CurateConfig::output,
            List.of(
                    new JobFlag(
                            "input",
                            Kind.TEXT,
                            "input",
                            "PATH",
                            "folder or pattern of videos, or table (.csv, .jsonl, .parquet) with a column path"),
                    new JobFlag(
                            "output",
                            Kind.TEXT,
                            "output",
                            "DIR",
                            "folder for videos, signals, shots, clips, quarantine, report and manifest"),
                    new JobFlag(
                            "captions",
                            Kind.TEXT,
                            "captions",
                            "TABLE",
                            "texts by path, and by start_s and end_s where they are of a part"),
                    new JobFlag(
                            "from-signals",
                            Kind.SWITCH,
                            "from_signals",
                            "",
                            "judge what is in --output anew, without opening a video"),
                    new JobFlag("overwrite", Kind.SWITCH, "overwrite", "", "replace what an earlier run left there")),
            List.of(
                    "--config conf/curate/balanced.yaml --input /data/footage --output /data/curated",
                    "--config conf/curate/strict.yaml --output /data/curated --from-signals",
                    "--config conf/curate/balanced.yaml --output /data/curated --from-signals --set reject.dark=30"));

    static final JobCommand<BucketingConfig> RAPIDS_CHECK = new JobCommand<>(
            "rapids-check",
            "the RAPIDS check",
            List.of(
                    "Says whether the columnar part of the bucketing job, from the clips table to the shards, would run on",
                    "GPUs with RAPIDS, and lists what would not; given a configuration of curation, whether its verdicts",
                    "would. It needs no GPU, and fetches the RAPIDS jar (576 MB) once. Exit code 1 if anything is not on",
                    "GPU."),
            BucketingConfig.class,
            BucketingConfig::output,
            List.of(new JobFlag("epochs", Kind.VALUE, "epochs", "N", "independent draws to write")),
            List.of("--config conf/bucketing/stage1.yaml", "--config conf/curate/balanced.yaml"));

    /** As {@link #RAPIDS_CHECK}, for a configuration of curation. */
    static final JobCommand<CurateConfig> RAPIDS_CHECK_OF_VERDICTS = new JobCommand<>(
            RAPIDS_CHECK.name,
            RAPIDS_CHECK.job,
            RAPIDS_CHECK.summary,
            CurateConfig.class,
            CurateConfig::output,
            List.of(),
            RAPIDS_CHECK.examples);

    static final JobCommand<TrainingConfig> TRAINING = new JobCommand<>(
            "train",
            "the training job",
            List.of("Trains STDiT2 on the shards of the bucketing job, one rank for each executor."),
            TrainingConfig.class,
            config -> config.run().outputs(),
            List.of(
                    new JobFlag(
                            "data-path",
                            Kind.TEXT,
                            "dataset.data_path",
                            "DIR",
                            "output folder of the bucketing job, or its shards"),
                    new JobFlag(
                            "features", Kind.TEXT, "dataset.features", "DIR", "what submit/encode stored of the clips"),
                    new JobFlag("outputs", Kind.TEXT, "outputs", "DIR", "run folder: logs and checkpoints"),
                    new JobFlag("ckpt-path", Kind.TEXT, "model.from_pretrained", "PATH", "first weights of the model"),
                    new JobFlag("load", Kind.TEXT, "load", "DIR", "run or checkpoint folder to go on from"),
                    new JobFlag(
                            "start-from-scratch",
                            Kind.SWITCH,
                            "start_from_scratch",
                            "",
                            "with --load: weights and optimizer only, from step 0"),
                    new JobFlag(
                            "replan",
                            Kind.SWITCH,
                            "replan",
                            "",
                            "with --load: new steps where data or configuration changed"),
                    new JobFlag("seed", Kind.VALUE, "seed", "N", "of every draw"),
                    new JobFlag(
                            "device",
                            Kind.VALUE,
                            "device",
                            "MODE",
                            "auto (the GPU that Spark gives, else the CPU)," + " cuda or cpu"),
                    new JobFlag(
                            "batch-size",
                            Kind.VALUE,
                            "batch_size",
                            "N",
                            "clips of a micro-batch where all have one size; with buckets, bucket_config says it"),
                    new JobFlag(
                            "wandb",
                            Kind.VALUE,
                            "wandb",
                            "BOOL",
                            "hand the TensorBoard events to the wandb program at the end")),
            List.of(
                    "--config conf/train/stage1.yaml --data-path /data/buckets --outputs /data/run",
                    "--config conf/train/stage1.yaml --data-path /data/buckets --outputs /data/run --load /data/run"
                            + " --set lr=1e-5"));

    static final JobCommand<TrainingConfig> ENCODE = new JobCommand<>(
            "encode",
            "the encode job",
            List.of(
                    "Encodes the clips and captions of a data set once, for training runs to read instead of decoding and",
                    "encoding. Takes the configuration of the training run. Run again over the same folder it encodes what",
                    "is missing or has changed."),
            TrainingConfig.class,
            config -> config.dataset().features(),
            List.of(
                    new JobFlag(
                            "data-path",
                            Kind.TEXT,
                            "dataset.data_path",
                            "DIR",
                            "output folder of the bucketing job, or its shards"),
                    new JobFlag("features", Kind.TEXT, "dataset.features", "DIR", "folder to write to"),
                    new JobFlag(
                            "temporal-windows",
                            Kind.VALUE,
                            "dataset.temporal_windows",
                            "N",
                            "windows of each video, 1 by default: epoch e will show window e mod N"),
                    new JobFlag("features-dtype", Kind.VALUE, "dataset.features_dtype", "TYPE", "fp32 or bf16"),
                    new JobFlag("seed", Kind.VALUE, "seed", "N", "of the draws of windows: that of the training run"),
                    new JobFlag(
                            "device",
                            Kind.VALUE,
                            "device",
                            "MODE",
                            "auto (the GPU that Spark gives, else the CPU)," + " cuda or cpu")),
            List.of("--config conf/train/stage1.yaml --data-path /data/buckets --features /data/features"));

    static final JobCommand<InferenceConfig> INFERENCE = new JobCommand<>(
            "inference",
            "the inference job",
            List.of(
                    "Samples a clip for each prompt from the weights of a checkpoint and writes mp4, or png for one",
                    "frame, with a results table and a contact sheet. Run again over the same folder it generates",
                    "what is missing, has failed or would come out otherwise."),
            InferenceConfig.class,
            config -> config.output().saveDir(),
            List.of(
                    new JobFlag(
                            "ckpt-path",
                            Kind.TEXT,
                            "model.from_pretrained",
                            "PATH",
                            "checkpoint, run or weights folder"),
                    new JobFlag("prompt", Kind.TEXTS, "prompt", "TEXT ...", "one or more prompts"),
                    new JobFlag(
                            "prompt-path",
                            Kind.TEXT,
                            "prompt_path",
                            "FILE",
                            "file of prompts: text, one in a" + " line, or table (.csv, .jsonl, .parquet)"),
                    new JobFlag(
                            "start-index",
                            Kind.VALUE,
                            "start_index",
                            "N",
                            "first prompt that is used, from 0; names keep their numbers"),
                    new JobFlag("end-index", Kind.VALUE, "end_index", "N", "first prompt that is not used any more"),
                    new JobFlag("save-dir", Kind.TEXT, "save_dir", "DIR", "where clips and results go"),
                    new JobFlag("sample-name", Kind.TEXT, "sample_name", "NAME", "first part of the names of clips"),
                    new JobFlag("num-sample", Kind.VALUE, "num_sample", "N", "clips for each prompt"),
                    new JobFlag("prompt-as-path", Kind.SWITCH, "prompt_as_path", "", "name clips by their prompts"),
                    new JobFlag("num-frames", Kind.VALUE, "num_frames", "N", "frames; 1 makes a picture"),
                    new JobFlag("fps", Kind.VALUE, "fps", "N", "what the model is conditioned on"),
                    new JobFlag("image-size", Kind.PAIR, "image_size", "H W", "height and width in pixels"),
                    new JobFlag(
                            "resolution",
                            Kind.TEXT,
                            "resolution",
                            "NAME",
                            "such as 240p, with --aspect-ratio instead of" + " a size"),
                    new JobFlag(
                            "aspect-ratio", Kind.TEXT, "aspect_ratio", "H:W", "such as 9:16, which is 240x426 at 240p"),
                    new JobFlag("frame-interval", Kind.VALUE, "frame_interval", "N", "clips play at fps // N"),
                    new JobFlag(
                            "num-sampling-steps", Kind.VALUE, "scheduler.num_sampling_steps", "N", "denoising steps"),
                    new JobFlag("cfg-scale", Kind.VALUE, "scheduler.cfg_scale", "X", "guidance scale; 1 is none"),
                    new JobFlag("cfg-channel", Kind.VALUE, "scheduler.cfg_channel", "N", "guided latent channels"),
                    new JobFlag("batch-size", Kind.VALUE, "batch_size", "N", "prompts at a time"),
                    new JobFlag("seed", Kind.VALUE, "seed", "N", "of every draw"),
                    new JobFlag(
                            "device",
                            Kind.VALUE,
                            "device",
                            "MODE",
                            "auto (the GPU that Spark gives, else the CPU)," + " cuda or cpu"),
                    new JobFlag("loop", Kind.VALUE, "loop", "N", "generations joined to one video"),
                    new JobFlag(
                            "condition-frame-length",
                            Kind.VALUE,
                            "condition_frame_length",
                            "N",
                            "frames that begin the next generation"),
                    new JobFlag("carry", Kind.VALUE, "carry", "MODE", "how they reach it: decoded or latents"),
                    new JobFlag(
                            "reference-path",
                            Kind.TEXTS,
                            "reference_path",
                            "PATHS ...",
                            "references of each prompt, separated by ;"),
                    new JobFlag(
                            "mask-strategy", Kind.TEXTS, "mask_strategy", "TEXT ...", "mask strategy of each prompt"),
                    new JobFlag("video-format", Kind.VALUE, "video_format", "FORMAT", "mp4 or gif"),
                    new JobFlag("overwrite", Kind.SWITCH, "overwrite", "", "generate again what is there")),
            List.of(
                    "--config conf/inference/sample.yaml --ckpt-path /data/run --prompt 'A dog in a park.'"
                            + " --save-dir /data/videos",
                    "--config conf/inference/sample.yaml --ckpt-path /data/run --prompt-path prompts.txt"
                            + " --num-frames 1 --image-size 512 512 --save-dir /data/pictures"));

    /** The text of {@code --help}. */
    String usage() {
        StringBuilder text = new StringBuilder("Usage: submit/" + name + " --config FILE [options]\n\n");
        summary.forEach(line -> text.append(line).append('\n'));
        text.append("\nOptions of the job (underscores and dashes are the same):\n");
        describe(text, "--config FILE", "YAML file, such as those under conf/");
        flags.forEach(flag -> describe(text, ("--" + flag.name() + " " + flag.values()).strip(), flag.help()));
        describe(text, "--set KEY=VALUE", "any key of the file, such as --set a.b=value; as often as needed");
        describe(text, "--help", "this text");
        text.append("\nExamples:\n");
        examples.forEach(example -> text.append("  submit/")
                .append(name)
                .append(' ')
                .append(example)
                .append('\n'));
        return text.toString();
    }

    private static void describe(StringBuilder text, String option, String help) {
        text.append(String.format(Locale.ROOT, "  %-30s %s%n", option, help).replace(System.lineSeparator(), "\n"));
    }

    /** Every key of the file that {@code --set} takes, as dotted paths. */
    List<String> keys() {
        return ConfigLoader.keys(type);
    }
}
