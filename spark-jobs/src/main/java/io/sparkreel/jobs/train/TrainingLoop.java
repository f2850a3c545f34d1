// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.config.train.RunConfig;
import io.sparkreel.jobs.loader.StepLoader;
import io.sparkreel.jobs.loader.StepLoader.LoadedStep;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.checkpoint.CheckpointWriter;
import io.sparkreel.model.checkpoint.Retention;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.metrics.StepMetrics.Phase;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.StepReport;
import io.sparkreel.model.train.Trainer;
import io.sparkreel.model.train.checkpoint.CheckpointSaver;
import io.sparkreel.model.train.checkpoint.RunCounts;
import io.sparkreel.model.train.checkpoint.RunState;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** The steps of an attempt on one rank. Whatever ends the loop ends it after the same step on every rank. */
final class TrainingLoop {
    private final RankTask task;
    private final RunConfig config;
    private final HadoopStorage run;
    private final StepLoader loader;
    private final ModelWeights weights;
    private final Trainer trainer;
    private final Collective collective;
    private final RankReporter watch;
    private final BadClips badClips;
    private final Configuration hadoop;
    private final NonFiniteGuard guard;
    private int epoch;
    private long epochBegin;
    private boolean epochEnded;
    /** Whether clips were counted from the first step of an epoch on: earlier versions kept no counts. */
    private boolean countsWhole;

    private long done;

    /** @param start where the run stands */
    TrainingLoop(
            RankTask task,
            HadoopStorage run,
            RunState start,
            StepLoader loader,
            ModelWeights weights,
            Trainer trainer,
            Collective collective,
            RankReporter watch) {
        this.task = task;
        config = task.config().run();
        this.run = run;
        this.loader = loader;
        this.weights = weights;
        this.trainer = trainer;
        this.collective = collective;
        this.watch = watch;
        RunCounts counts = start.counts() == null ? RunCounts.NONE : start.counts();
        badClips = new BadClips(task.config().steps().maxBadClips(), counts.clips(), counts.clipsRead());
        hadoop = task.hadoop().value().value();
        guard = new NonFiniteGuard(run, counts.skippedInARow(), trainer::notFinite, collective, watch::skipped);
        countsWhole = start.counts() != null || start.globalStep() == 0;
        epochEnded = start.epochEnded();
        epoch = start.epoch();
        epochBegin = start.globalStep() - start.step();
        done = start.globalStep();
    }

    /** Trains until the attempt's last step, or until some rank is asked to stop, or has to. */
    RankResult run() throws IOException, InterruptedException {
        // A rank lost between the last commit and its own end leaves an attempt that has no step to take.
        String checkpoint = task.steps().checkpoint() == null
                ? null
                : task.steps().checkpoint().uri();
        String tooBad = tooManyBadClips();
        try (CheckpointSaver saver =
                new CheckpointSaver(run, task.attempt(), weights, trainer, collective, commits())) {
            boolean stop = false;
            while (!stop && tooBad == null && done < task.steps().last()) {
                LoadedStep loaded = next();
                StepReport report =
                        trainer.step(done, loaded.microBatches(), loaded.step().clips());
                done++;
                guard.check(done, loaded.microBatches(), report);
                watch.stepped(epoch, done, report);
                saver.check();
                badClips.add(loaded.bad());
                badClips.count(loaded.step().clips(), report.samples());
                tooBad = tooManyBadClips();
                stop = report.stop();
                // What the run stops for is not kept, so that it can be put right; but all that was trained is.
                if (tooBad == null
                        ? isCheckpointDue() || stop
                        : done == task.steps().total()) {
                    badClips.write(collective, run, hadoop, done);
                    String folder = CheckpointWriter.folderName(epoch, done);
                    saver.save(state(), watch.notes(done, folder));
                    checkpoint = run.uri(folder);
                }
            }
            saver.finish();
        }
        return new RankResult(collective.rank(), done, trainer.optimizer().steps(), checkpoint, tooBad);
    }

    private LoadedStep next() throws InterruptedException {
        trainer.metrics().enter(Phase.DATA);
        LoadedStep loaded = loader.next(collective::reportProgress);
        if (loaded == null) {
            throw new IllegalStateException(
                    "the plan ends before step " + task.steps().last());
        }
        if (loaded.step().epoch() != epoch) {
            epoch = loaded.step().epoch();
            epochBegin = done;
            countsWhole = true;
        }
        epochEnded = loaded.step().endsEpoch();
        return loaded;
    }

    /** Why the run must stop for clips that could not be read; null while it need not. */
    private String tooManyBadClips() throws IOException {
        Optional<String> tooMany = badClips.tooMany(epochEnded && countsWhole);
        if (tooMany.isEmpty()) {
            return null;
        }
        badClips.write(collective, run, hadoop, done);
        return tooMany.get() + badClips.explained(run.uri(BadClips.TABLE));
    }

    private boolean isCheckpointDue() {
        return (config.ckptEvery() > 0 && done % config.ckptEvery() == 0)
                || done == task.steps().last();
    }

    private RunState state() {
        ObjectNode process = task.config().scheduler().process().identity();
        return new RunState(
                epoch,
                done - epochBegin,
                done,
                trainer.optimizer().steps(),
                config.seed(),
                task.planFingerprint(),
                process,
                epochEnded,
                countsWhole ? new RunCounts(badClips.planned(), badClips.read(), guard.inARow()) : null,
                LearningRates.of(task.config(), task.steps().total()));
    }

    private CheckpointSaver.Committed commits() {
        return new CheckpointSaver.Committed() {
            @Override
            public void permit() throws IOException {
                task.lease().requireHeld(run);
            }

            @Override
            public void accept(RunState state, String folder) throws IOException {
                new Retention(config.keepLast(), config.keepEvery()).apply(run);
                watch.checkpointed(state.globalStep(), folder);
            }
        };
    }
}
