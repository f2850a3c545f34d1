// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.jobs.config.train.DatasetConfig;
import io.sparkreel.jobs.config.train.OptimizerConfig;
import io.sparkreel.jobs.config.train.StepConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.loader.ClipDecoder;
import io.sparkreel.jobs.loader.ClipEncoder;
import io.sparkreel.jobs.loader.FeatureReader;
import io.sparkreel.jobs.loader.StepLoader;
import io.sparkreel.jobs.loader.StepLoader.SampleShape;
import io.sparkreel.jobs.parts.Components;
import io.sparkreel.jobs.parts.OnDemand;
import io.sparkreel.jobs.parts.PretrainedModel;
import io.sparkreel.jobs.plan.PlanReader;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.OpenMedia;
import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.optim.AdamW;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.FrameMask;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.Trainer;
import io.sparkreel.model.train.TrainerOptions;
import io.sparkreel.model.train.checkpoint.RunState;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.BarrierTaskContext;

/** One rank of a training attempt: the body of a task of the barrier stage. */
public final class TrainingRank {
    private final RankTask task;
    private final TrainingConfig config;
    private final Configuration hadoop;
    private volatile Trainer running;
    private volatile Collective joined;

    TrainingRank(RankTask task) {
        this.task = task;
        config = task.config();
        hadoop = task.hadoop().value().value();
    }

    /**
     * Trains until the attempt's last step, or until some rank is asked to stop.
     *
     * @param tensors of the device to compute on
     */
    RankResult run(BarrierTaskContext context, Tensors tensors) throws IOException, InterruptedException {
        Torch.start(threads(context));
        WeightsCache cache = new WeightsCache(hadoop);
        try (Collective collective = RankCollective.connect(task, context, tensors);
                ModelWeights weights = weights(tensors)) {
            joined = collective;
            weights.initialise(config.run().seed());
            try (Trainer trainer = new Trainer(options(config, task.steps().total()), weights, tensors, collective)) {
                RunState start = restore(weights, trainer, cache);
                LatentCodec codec = OnDemand.codec(
                        Components.codecGeometry(config.vae(), cache),
                        () -> Components.codec(config.vae(), cache, tensors));
                TextEncoder text = OnDemand.text(
                        Components.textSizes(config.textEncoder(), cache),
                        () -> Components.textEncoder(config.textEncoder(), cache, tensors));
                ClipDecoder decoder = decoder();
                SampleShape shape = new SampleShape(codec.geometry(), text.slots(), text.width());
                try (StepLoader loader = new StepLoader(
                        new PlanReader(hadoop, task.steps().plan(), start.globalStep()),
                        decoder,
                        frames(),
                        new ClipEncoder(codec, text, config.run().seed()),
                        features(shape),
                        shape,
                        ahead(threads(context)),
                        collective.rank(),
                        collective.worldSize())) {
                    ClipEncoder evalEncoder =
                            new ClipEncoder(codec, text, config.run().seed());
                    Evaluation evaluation = new Evaluation(
                            task.evalClips().value(),
                            clip -> evalEncoder.encode(
                                    clip, decoder.decode(clip.clip(), clip.size(), 0, task.evalPictures())),
                            shape::microBatch,
                            trainer.validation()::losses,
                            collective);
                    SampleVideos samples = new SampleVideos(
                            config,
                            new HadoopStorage(hadoop, config.run().outputs()),
                            trainer::averagedModel,
                            weights.nullCaption(),
                            codec,
                            text,
                            collective);
                    RankReporter watch = new RankReporter(
                            task, collective, trainer, tensors, start.globalStep(), evaluation, samples);
                    HadoopStorage run = new HadoopStorage(hadoop, config.run().outputs());
                    running = trainer;
                    return new TrainingLoop(task, run, start, loader, weights, trainer, collective, watch).run();
                }
            }
        }
    }

    /**
     * Lets all ranks save the run and stop after a step; any thread may call this.
     *
     * @return false if this rank has no step yet after which it could
     */
    boolean stop() {
        Trainer trainer = running;
        if (trainer != null) {
            trainer.requestStop();
        }
        return trainer != null;
    }

    /** Whether the other ranks have given up; any thread may call this. */
    boolean isCutOff() {
        Collective collective = joined;
        return collective != null && collective.hasFailed();
    }

    /** Reads stored features, null if there are none. */
    private FeatureReader features(SampleShape shape) throws IOException {
        return task.features() == null
                ? null
                : new FeatureReader(
                        hadoop,
                        config.dataset().features(),
                        task.features().dtype(),
                        shape,
                        config.run().seed());
    }

    private ClipDecoder decoder() throws IOException {
        CrashGuard guard = OpenMedia.guard(config.run().outputs());
        return new ClipDecoder(hadoop, frames(), (long) config.steps().decodeCacheMib() << 20, guard);
    }

    private ClipDecoder.Frames frames() {
        DatasetConfig dataset = config.dataset();
        int windows = dataset.temporalWindows() == null ? 0 : dataset.temporalWindows();
        return new ClipDecoder.Frames(
                dataset.transformName(),
                dataset.frameInterval(),
                task.features() == null ? windows : task.features().windows(),
                config.run().seed(),
                task.pictures());
    }

    private StepLoader.Ahead ahead(int threads) {
        StepConfig steps = config.steps();
        return new StepLoader.Ahead(
                steps.decodeThreads() == null ? threads : steps.decodeThreads(), (long) steps.prefetchMib() << 20);
    }

    private int threads(BarrierTaskContext context) {
        Integer configured = config.steps().threadsPerRank();
        return configured == null ? Math.max(1, context.cpus()) : configured;
    }

    /** @param totalSteps the length of the run, for the learning rate */
    public static TrainerOptions options(TrainingConfig config, long totalSteps) {
        OptimizerConfig optimizer = config.optimizer();
        LearningRate rate = LearningRates.of(config, totalSteps);
        AdamW.Options adam = new AdamW.Options(
                optimizer.adamBetas().first(),
                optimizer.adamBetas().second(),
                optimizer.adamEps(),
                optimizer.weightDecay());
        return new TrainerOptions(
                config.scheduler().process(),
                config.maskRatios() == null ? null : FrameMask.of(config.maskRatios()),
                new OptimizerOptions(
                        adam,
                        rate,
                        optimizer.gradClip() == null ? 0 : optimizer.gradClip(),
                        new Ema.Options(optimizer.emaDecay(), optimizer.emaWarmup()),
                        optimizer.optimizerSharding()),
                new TrainerOptions.Computation(config.dtype(), config.gradCheckpoint()),
                config.run().seed());
    }

    private ModelWeights weights(Tensors tensors) {
        return new ModelWeights(task.model(), Components.frozen(config.model(), task.model()), config.dtype(), tensors);
    }

    /** The state to start from: a checkpoint's, or that of a new run. */
    private RunState restore(ModelWeights weights, Trainer trainer, WeightsCache cache) throws IOException {
        RunState fresh = new RunState(
                0,
                0,
                0,
                0,
                config.run().seed(),
                task.planFingerprint(),
                config.scheduler().process().identity());
        if (task.steps().checkpoint() != null) {
            RunState stored =
                    TrainingCheckpoint.restore(task.steps().checkpoint().open(hadoop), weights, trainer);
            if (task.steps().newRun()) {
                return fresh;
            }
            // After planning anew, the epoch that the checkpoint stands in begins again.
            return stored.planFingerprint().equals(task.planFingerprint())
                    ? stored
                    : stored.replanned(task.planFingerprint());
        }
        if (config.model().fromPretrained() != null) {
            if (task.firstWeights() == null) {
                PretrainedModel.readPublished(config.model(), cache, weights);
            } else {
                TrainingCheckpoint.readWeights(task.firstWeights().open(hadoop), TrainingCheckpoint.MODEL, weights);
            }
            trainer.restartEma();
        }
        return fresh;
    }
}
