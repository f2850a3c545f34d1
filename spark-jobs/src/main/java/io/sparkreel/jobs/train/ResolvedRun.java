// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.jobs.config.ImageSize;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.DatasetType;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.DataFolder;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.features.Facts;
import io.sparkreel.jobs.features.FeatureCache;
import io.sparkreel.jobs.parts.ChosenCheckpoint;
import io.sparkreel.jobs.parts.Components;
import io.sparkreel.jobs.parts.GeneratedSize;
import io.sparkreel.jobs.parts.PretrainedModel;
import io.sparkreel.jobs.plan.PlanFingerprint;
import io.sparkreel.jobs.plan.PlanInputs;
import io.sparkreel.jobs.plan.PlanSettings;
import io.sparkreel.jobs.preflight.MemoryEstimate;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.watch.RunLog;
import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.model.BatchShape;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.text.PromptSyntax;
import io.sparkreel.model.text.TextSizes;
import io.sparkreel.model.train.FrameMask;
import io.sparkreel.model.train.checkpoint.RunState;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * A training run whose inputs are found and checked, as far as that can be done without Spark.
 *
 * @param inputs what its steps are planned from
 * @param model sizes of the model
 * @param fingerprint what data and configuration the steps follow from
 * @param checkpoint the checkpoint to resume from, all of whose files are verified; null: none
 * @param firstWeights the verified checkpoint whose weights a new run begins with; null: none, or published weights
 * @param resumed state of that checkpoint's run; null for a run that begins at step 0
 * @param codec the geometry of the latent codec
 */
record ResolvedRun(
        PlanInputs inputs,
        DenoiserConfig model,
        String fingerprint,
        ChosenCheckpoint checkpoint,
        ChosenCheckpoint firstWeights,
        RunState resumed,
        CodecGeometry codec) {
    private static final Logger LOG = LogManager.getLogger(ResolvedRun.class);

    /** A checkpoint, and as executors are to open it. */
    private record Loaded(CheckpointReader checkpoint, ChosenCheckpoint chosen) {}

    /** @throws UserError if the run cannot work */
    static ResolvedRun of(LoadedConfig<TrainingConfig> loaded, Configuration hadoop) throws IOException {
        TrainingConfig config = loaded.config();
        if (config.dataset().dataPath() == null) {
            throw new UserError("Cannot start the training job: no --data-path DIR. "
                    + "Give the output folder of a bucketing run.");
        }
        HadoopStorage data = DataFolder.open(hadoop, config.dataset().dataPath(), "--data-path");
        BucketingManifest manifest = BucketingManifest.read(data);
        DataFolder.requireSameInterval(config, manifest);
        HadoopStorage run = new HadoopStorage(hadoop, config.run().outputs());
        Loaded load = load(config, hadoop, run);
        CheckpointReader checkpoint = load == null ? null : load.checkpoint();
        WeightsCache cache = new WeightsCache(hadoop);
        CodecGeometry codec = loaded.resolve("vae", () -> Components.codecGeometry(config.vae(), cache));
        checkRanksConfiguration(loaded, codec);
        TextSizes text = loaded.resolve("text_encoder", () -> Components.textSizes(config.textEncoder(), cache));
        PretrainedModel first = load == null ? firstWeights(config, hadoop, cache) : null;
        Optional<DenoiserConfig> stored = storedSizes(config, checkpoint, first);
        DenoiserConfig model = loaded.resolve("model", () -> Components.model(config.model(), stored, codec, text));
        if (config.dataset().type() == DatasetType.VARIABLE_VIDEO_TEXT_DATASET
                && config.plan().batchSize() != null) {
            LOG.info("'batch_size' has no effect here: bucket_config sets the batch size of each bucket.");
        }
        PlanSettings rules = PlanSettings.of(config, manifest, model, codec, hadoop);
        String fingerprint = PlanFingerprint.of(config, manifest, rules);
        FeatureCache features = FeatureCache.forTraining(config, manifest, cache, hadoop);
        HadoopStorage folder = features == null
                ? null
                : new HadoopStorage(hadoop, config.dataset().features());
        PlanInputs inputs = new PlanInputs(data, manifest, run, rules, features, folder);
        if (load == null) {
            ChosenCheckpoint chosen = first == null ? null : first.chosen();
            return new ResolvedRun(inputs, model, fingerprint, null, chosen, null, codec);
        }
        RunState resumed = checkLoad(config, checkpoint, model, fingerprint);
        if (resumed == null
                || !new HadoopStorage(hadoop, config.run().load()).uri("").equals(run.uri(""))) {
            requireNoLaterCheckpoint(checkpoint, resumed, run); // else it is the newest
        }
        return new ResolvedRun(inputs, model, fingerprint, load.chosen(), null, resumed, codec);
    }

    /** What ranks would refuse else, some of it after many steps. */
    private static void checkRanksConfiguration(LoadedConfig<TrainingConfig> loaded, CodecGeometry codec)
            throws IOException {
        TrainingConfig config = loaded.config();
        if (config.maskRatios() != null) {
            loaded.resolve("mask_ratios", () -> FrameMask.of(config.maskRatios()));
        }
        String sampler = config.samples().sampler();
        loaded.resolve("samples.sampler", () -> {
            List<String> known = config.scheduler().process().samplers();
            if (sampler != null && !known.contains(sampler)) {
                throw new InvalidInputException("Cannot sample with '" + sampler + "': the process of this run knows "
                        + String.join(", ", known) + ". Choose one of these, or auto.");
            }
            return known;
        });
        if (config.watch().sampleEvery() != null) {
            for (String prompt : config.samples().prompts()) {
                loaded.resolve(
                        "samples.prompts", () -> PromptSyntax.parse(prompt).texts(1));
            }
            ImageSize size = config.samples().imageSize();
            GeneratedSize generated = loaded.resolve("samples.image_size", () -> {
                codec.latentFrames(config.samples().numFrames());
                return GeneratedSize.of(
                        codec, size.height(), size.width(), config.samples().numFrames() > 1);
            });
            if (generated.height() != size.height() || generated.width() != size.width()) {
                LOG.info(
                        "Samples are of {} pixels and not of {}x{}: the vae makes blocks of {} pixels",
                        generated,
                        size.height(),
                        size.width(),
                        codec.spatialFactor());
            }
        }
    }

    /** The weights that a run without a checkpoint begins with; null if it begins with random ones. */
    private static PretrainedModel firstWeights(TrainingConfig config, Configuration hadoop, WeightsCache cache)
            throws IOException {
        if (config.model().fromPretrained() == null) {
            return null;
        }
        PretrainedModel first = PretrainedModel.find(
                config.model(), hadoop, cache, path -> TrainingCheckpoint.isWeights(TrainingCheckpoint.MODEL, path));
        first.warnings().forEach(warning -> LOG.warn("{}", warning));
        first.sizes()
                .ifPresent(sizes -> LOG.info(
                        "The model has the sizes of {}: {}", config.model().fromPretrained(), sizes));
        return first;
    }

    /** First weights bring their sizes along; once the run has a checkpoint, that does. */
    private static Optional<DenoiserConfig> storedSizes(
            TrainingConfig config, CheckpointReader load, PretrainedModel first) throws IOException {
        if (config.model().fromPretrained() == null) {
            return Optional.empty();
        }
        return load == null ? first.sizes() : Optional.of(TrainingCheckpoint.config(load));
    }

    /** The checkpoint to resume from; null for a new run. */
    private static Loaded load(TrainingConfig config, Configuration hadoop, HadoopStorage run) throws IOException {
        OptionalLong taken = CheckpointReader.lastStep(run);
        if (config.run().load() == null) {
            if (taken.isPresent()) {
                throw new UserError("Cannot begin a run in " + run + ": it holds checkpoints of another. Give --load "
                        + run + " to resume it, or another --outputs.");
            }
            return null;
        }
        HadoopStorage from = new HadoopStorage(hadoop, config.run().load());
        CheckpointReader.Found found = CheckpointReader.resolve(from, path -> true);
        found.warnings().forEach(warning -> LOG.warn("{}", warning));
        return new Loaded(found.checkpoint(), ChosenCheckpoint.of(from, found.checkpoint()));
    }

    /** After a failure the run resumes from the newest checkpoint of its folder, so that must be one of this run. */
    private static void requireNoLaterCheckpoint(CheckpointReader load, RunState resumed, HadoopStorage run)
            throws IOException {
        long from = resumed == null ? 0 : resumed.globalStep();
        Optional<CheckpointReader> later = CheckpointReader.newestAfter(run, from, path -> true);
        if (later.isPresent()) {
            throw new UserError("Cannot resume from step " + from + " of " + load + " in " + run + ": it holds a later "
                    + "checkpoint, " + later.get().folder() + ". Give another --outputs, or remove it.");
        }
    }

    private static RunState checkLoad(
            TrainingConfig config, CheckpointReader load, DenoiserConfig model, String fingerprint) throws IOException {
        requireSameModel(load, model);
        RunState state = TrainingCheckpoint.state(load);
        if (config.run().startFromScratch()) {
            return null;
        }
        List<String> changes = Facts.changes(state.planFingerprint(), fingerprint);
        if (changes.isEmpty()) {
            return state;
        }
        if (!config.plan().replan()) {
            throw new UserError(
                    "Cannot resume from " + load + ": its steps would be others now, " + String.join(", ", changes)
                            + ". Restore that, give --replan to resume with new steps, or --start-from-scratch to take only weights"
                            + " and optimizer.");
        }
        RunState replanned = state.replanned(fingerprint);
        LOG.warn(
                "The steps that are to come are planned anew, and epoch {} begins{}: {}",
                replanned.epoch(),
                state.epochEnded() ? "" : " again",
                String.join(", ", changes));
        return replanned;
    }

    private static void requireSameModel(CheckpointReader checkpoint, DenoiserConfig model) throws IOException {
        DenoiserConfig stored = TrainingCheckpoint.config(checkpoint);
        if (!stored.equals(model)) {
            throw new UserError("Cannot load " + checkpoint + ": its model is " + stored
                    + " and not the configured one. Configure these sizes, or take another checkpoint.");
        }
    }

    /** What a rank will need for the largest micro-batch of the shards. */
    MemoryEstimate memoryNeed(TrainingConfig config) {
        PlanSettings rules = inputs.rules();
        Map<String, BatchShape> micros = new TreeMap<>();
        for (Bucket bucket : rules.buckets()) {
            int clips = rules.batchSize(bucket);
            micros.put(
                    "a micro-batch of " + clips + (clips == 1 ? " clip" : " clips") + " of bucket " + bucket.id(),
                    new BatchShape(
                            clips,
                            codec.latent(bucket.frames(), bucket.height(), bucket.width()),
                            model.modelMaxLength()));
        }
        return MemoryEstimate.of(
                model.cost(config.dtype(), config.gradCheckpoint(), Components.frozen(config.model(), model)),
                micros,
                config.optimizer().optimizerSharding(),
                config.watch().sampleEvery() != null,
                (long) config.steps().decodeCacheMib() << 20);
    }

    /** Steps of the run that are done. */
    long globalStep() {
        return resumed == null ? 0 : resumed.globalStep();
    }

    /** The log lines that the checkpoint to resume from holds, if it is one of this run. */
    List<JsonNode> checkpointedLines() throws IOException {
        HadoopStorage run = inputs.run();
        boolean own = checkpoint != null && checkpoint.uri().startsWith(run.uri("") + "/");
        return own && resumed != null
                ? RunLog.notes(CheckpointReader.open(
                        run, checkpoint.uri().substring(run.uri("").length() + 1)))
                : List.of();
    }
}
