// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.watch.DevicePeak;
import io.sparkreel.jobs.watch.LogFile;
import io.sparkreel.jobs.watch.StepLog;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.metrics.StepMetrics;
import io.sparkreel.model.metrics.StepMetrics.Phase;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.train.StepReport;
import io.sparkreel.model.train.Trainer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalDouble;

/** Reports steps, validation losses and samples to the driver. All ranks take part; rank 0 reports. */
final class RankReporter {
    private final RankTask task;
    private final Collective collective;
    private final StepMetrics metrics;
    private final StepLog steps;
    private final long firstStep;
    private final Evaluation evaluation;
    private final SampleVideos samples;

    /**
     * @param firstStep global number of the step that the attempt begins with
     * @param evaluation evaluates the model where the configuration says so
     * @param samples generates clips where the configuration says so
     */
    RankReporter(
            RankTask task,
            Collective collective,
            Trainer trainer,
            Tensors tensors,
            long firstStep,
            Evaluation evaluation,
            SampleVideos samples) {
        this.task = task;
        this.collective = collective;
        this.firstStep = firstStep;
        this.evaluation = evaluation;
        this.samples = samples;
        OptionalDouble peak = DevicePeak.of(task.config(), tensors);
        metrics = trainer.metrics();
        steps = new StepLog(metrics, collective, peak);
    }

    /**
     * Logs a step; every rank calls this after each.
     *
     * @param done steps of the run that are done
     */
    void stepped(int epoch, long done, StepReport report) {
        steps.stepped(report);
        boolean last = done == task.steps().last();
        if (done % task.config().run().logEvery() == 0 || last || done == firstStep + 1) {
            ObjectNode line = event("step", done)
                    .put("epoch", epoch)
                    .put("total_steps", task.steps().total())
                    .put("ranks", collective.worldSize())
                    .put("grad_norm", report.gradientNorm())
                    .put("lr", report.learningRate());
            line.setAll(steps.line());
            if (done == firstStep + 1) {
                line.put("warm_up", true);
            }
            if (report.skipped()) {
                line.put("skipped", true);
            }
            report(line);
        }
        metrics.enter(Phase.ASIDE);
        if (isDue(task.config().watch().evalEvery(), done)) {
            ObjectNode line = event("eval", done);
            line.setAll(evaluation.run());
            report(line);
        }
        if (isDue(task.config().watch().sampleEvery(), done)) {
            ObjectNode line = event("samples", done);
            line.set("clips", samples.generate(done));
            report(line);
        }
        metrics.enter(Phase.OTHER);
    }

    private boolean isDue(Integer every, long done) {
        return every != null && (done % every == 0 || done == task.steps().total());
    }

    /**
     * Logs a step that was skipped because its loss or gradient was not finite.
     *
     * @param atFault the micro-batches of all ranks that this came from
     */
    void skipped(long done, ArrayNode atFault) {
        ObjectNode line = event("skipped", done)
                .put(
                        "message",
                        "step " + done + " skipped on all ranks: loss or gradient not finite, see skipped/step" + done
                                + ".json");
        line.set("micro_batches", atFault);
        report(line);
    }

    /**
     * The latest log lines, for a checkpoint: they travel to the driver with heartbeats, so it may never get them.
     *
     * @param folder of the checkpoint
     */
    Map<String, byte[]> notes(long done, String folder) {
        StringBuilder text = new StringBuilder();
        task.progress().value().forEach(line -> text.append(line.text()).append('\n'));
        text.append(event("checkpoint", done).put("folder", folder)).append('\n');
        return Map.of(LogFile.NAME, text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Logs a committed checkpoint. */
    void checkpointed(long done, String folder) {
        report(event("checkpoint", done).put("folder", folder));
    }

    private static ObjectNode event(String name, long step) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("event", name)
                .put("time", Instant.now().toString())
                .put("step", step);
    }

    private void report(ObjectNode line) {
        if (collective.rank() == 0) {
            task.progress().add(line.toString());
        }
    }
}
