// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.storage.ClipFile;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.generate.VideoRequest;
import io.sparkreel.model.settings.Choice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/** Generates one batch in an executor. A prompt that cannot be generated fails alone. */
final class BatchRun {
    private static final Logger LOG = LogManager.getLogger(BatchRun.class);

    private final GeneratorTask task;
    private final Batch batch;
    private final HadoopStorage output;
    private final ClipGenerator generator;
    private final long attempt;
    private final List<ClipResult> results = new ArrayList<>();
    private long sampling;

    private BatchRun(GeneratorTask task, Batch batch, long attempt) throws IOException {
        this.task = task;
        this.batch = batch;
        this.attempt = attempt;
        output = new HadoopStorage(task.hadoop().value().value(), task.saveDir());
        generator = ClipGenerator.of(task);
    }

    /** @param context of Spark's attempt */
    static BatchOutcome run(GeneratorTask task, Batch batch, TaskContext context) throws IOException {
        long begin = System.nanoTime();
        BatchRun run = new BatchRun(task, batch, context.taskAttemptId());
        try {
            run.generate();
        } catch (IOException | RuntimeException e) {
            if (context.attemptNumber() + 1 < task.attempts() && !(e instanceof InvalidInputException)) {
                throw e; // it may go away elsewhere
            }
            LOG.error("Cannot generate a batch.", e);
            run.failAll(e.getMessage() == null ? e.toString() : e.getMessage());
        } catch (OutOfMemoryError e) {
            // What was asked for was too large to begin with; this process and the other prompts are well.
            LOG.error("Cannot generate a batch.", e);
            run.failAll("Cannot generate it: there is not enough memory, " + e.getMessage()
                    + ". Ask for fewer frames or a smaller size, or give executors more.");
        }
        return new BatchOutcome(
                List.copyOf(run.results), SparkEnv.get().executorId(), begin, System.nanoTime(), run.sampling);
    }

    private void generate() throws IOException {
        long begin = System.nanoTime();
        List<PromptRow> prompts = new ArrayList<>();
        List<VideoRequest> requests = new ArrayList<>();
        for (PromptRow prompt : batch.prompts()) {
            try {
                requests.add(generator.prepare(prompt, batch.sample()));
                prompts.add(prompt);
            } catch (PromptFailure e) {
                fail(prompt, e.getMessage());
            }
        }
        List<ClipFile> files = new ArrayList<>();
        try {
            for (PromptRow prompt : prompts) {
                files.add(new ClipFile(
                        output,
                        prompt.fileName(batch.sample()),
                        generator.height(batch.shape()),
                        generator.width(batch.shape()),
                        playedFps()));
            }
            if (!prompts.isEmpty()) {
                sampling = generator.generate(
                        requests,
                        batch.shape(),
                        (row, frame) -> files.get(row).write(frame),
                        step -> task.steps().add(1));
            }
            for (ClipFile file : files) {
                file.finish();
            }
            double seconds = (System.nanoTime() - begin) / 1e9 / prompts.size();
            for (int i = 0; i < prompts.size(); i++) {
                results.add(done(prompts.get(i), files.get(i).uri(), seconds));
            }
            publish(files);
        } finally {
            for (ClipFile file : files) {
                file.close();
            }
        }
    }

    /**
     * Puts results into the journal, then clips into their places: whenever this process is killed, a clip that is in
     * place is known, and is the one that its result tells of, not an older one.
     */
    private void publish(List<ClipFile> files) throws IOException {
        for (ClipFile file : files) {
            file.deleteOlder();
        }
        keep();
        for (ClipFile file : files) {
            file.publish();
        }
    }

    private void keep() throws IOException {
        new ResultsJournal(output, task.id()).write(String.format(Locale.ROOT, "%012d", attempt), results);
    }

    private int playedFps() {
        return batch.shape().playedFps(task.config().video().frameInterval());
    }

    private void fail(PromptRow prompt, String error) {
        results.add(task.failed(prompt, batch.sample(), error));
    }

    private void failAll(String error) throws IOException {
        results.clear();
        batch.prompts().forEach(prompt -> fail(prompt, error));
        keep();
    }

    private ClipResult done(PromptRow prompt, String uri, double seconds) {
        return new ClipResult(
                prompt.promptId(),
                batch.sample(),
                prompt.text(),
                uri,
                prompt.seed(),
                generator.totalFrames(batch.shape()),
                playedFps(),
                generator.height(batch.shape()),
                generator.width(batch.shape()),
                seconds,
                "ok",
                null,
                task.fingerprint(prompt),
                settings(prompt));
    }

    private String settings(PromptRow prompt) {
        InferenceConfig config = task.config();
        StringBuilder text = new StringBuilder();
        text.append(config.scheduler().sampler())
                .append(", ")
                .append(config.scheduler().numSamplingSteps())
                .append(" steps, cfg_scale ")
                .append(config.scheduler().cfgScale());
        if (prompt.shape().loops() > 1) {
            text.append(", loop ")
                    .append(prompt.shape().loops())
                    .append(", condition_frame_length ")
                    .append(prompt.shape().carried())
                    .append(", carry ")
                    .append(Choice.word(config.conditioning().carry()));
        }
        if (!prompt.references().isEmpty()) {
            text.append(", reference_path ").append(String.join(";", prompt.references()));
        }
        if (prompt.maskStrategy() != null) {
            text.append(", mask_strategy ")
                    .append(prompt.maskStrategy())
                    .append(" (")
                    .append(config.conditioning().maskStrategyDialect())
                    .append(")");
        }
        return text.toString();
    }
}
