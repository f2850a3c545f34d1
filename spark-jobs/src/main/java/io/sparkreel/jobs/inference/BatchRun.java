// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.jobs.config.InferenceConfig;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.generate.VideoRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.SparkEnv;

/** Generates one batch in an executor. A prompt that cannot be generated fails alone. */
final class BatchRun {
    private static final Logger LOG = LogManager.getLogger(BatchRun.class);

    private final GeneratorTask task;
    private final Batch batch;
    private final ClipGenerator generator;
    private final List<ClipResult> results = new ArrayList<>();
    private long sampling;

    private BatchRun(GeneratorTask task, Batch batch) throws IOException {
        this.task = task;
        this.batch = batch;
        generator = ClipGenerator.of(task);
    }

    /** @param attempt which attempt of Spark's this is, from 0 */
    static BatchOutcome run(GeneratorTask task, Batch batch, int attempt) throws IOException {
        long begin = System.nanoTime();
        BatchRun run = new BatchRun(task, batch);
        try {
            run.generate();
        } catch (IOException | RuntimeException e) {
            if (attempt + 1 < task.attempts() && !(e instanceof InvalidInputException)) {
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
        return new BatchOutcome(List.copyOf(run.results), SparkEnv.get().executorId(), begin, System.nanoTime(),
                run.sampling);
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
        if (prompts.isEmpty()) {
            return;
        }
        List<ClipFile> files = new ArrayList<>();
        try {
            for (PromptRow prompt : prompts) {
                files.add(file(prompt));
            }
            sampling = generator.generate(
                    requests, batch.shape(), (row, frame) -> files.get(row).write(frame), step -> task.steps().add(1));
            double seconds = (System.nanoTime() - begin) / 1e9 / prompts.size();
            for (int i = 0; i < prompts.size(); i++) {
                results.add(done(prompts.get(i), files.get(i).publish(), seconds));
            }
        } finally {
            for (ClipFile file : files) {
                file.close();
            }
        }
    }

    private ClipFile file(PromptRow prompt) throws IOException {
        return new ClipFile(new HadoopStorage(task.hadoop().value().value(), task.saveDir()),
                prompt.fileName(batch.sample()), generator.height(batch.shape()), generator.width(batch.shape()),
                playedFps());
    }

    private int playedFps() {
        return batch.shape().playedFps(task.config().video().frameInterval());
    }

    private void fail(PromptRow prompt, String error) {
        results.add(task.failed(prompt, batch.sample(), error));
    }

    private void failAll(String error) {
        results.clear();
        batch.prompts().forEach(prompt -> fail(prompt, error));
    }

    private ClipResult done(PromptRow prompt, String uri, double seconds) {
        return new ClipResult(prompt.promptId(), batch.sample(), prompt.text(), uri, prompt.seed(),
                batch.shape().totalFrames(), playedFps(), generator.height(batch.shape()),
                generator.width(batch.shape()), seconds, "ok", null, task.fingerprint(prompt), settings(prompt));
    }

    private String settings(PromptRow prompt) {
        InferenceConfig config = task.config();
        StringBuilder text = new StringBuilder();
        text.append(config.scheduler().type().word()).append(", ").append(config.scheduler().numSamplingSteps())
                .append(" steps, cfg_scale ").append(config.scheduler().cfgScale());
        if (prompt.shape().loops() > 1) {
            text.append(", loop ").append(prompt.shape().loops()).append(", condition_frame_length ")
                    .append(prompt.shape().carried()).append(", carry ").append(config.conditioning().carry().word());
        }
        if (!prompt.references().isEmpty()) {
            text.append(", reference_path ").append(String.join(";", prompt.references()));
        }
        if (prompt.maskStrategy() != null) {
            text.append(", mask_strategy ").append(prompt.maskStrategy()).append(" (")
                    .append(config.conditioning().maskStrategyDialect().word()).append(")");
        }
        return text.toString();
    }
}
