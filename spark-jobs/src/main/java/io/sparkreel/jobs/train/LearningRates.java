// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.jobs.config.train.OptimizerConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.LearningRate.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The course of the learning rate of a configuration, and how it differs from that of a checkpoint. */
final class LearningRates {
    private LearningRates() {}

    /** @param totalSteps the length of the run */
    static LearningRate of(TrainingConfig config, long totalSteps) {
        OptimizerConfig optimizer = config.optimizer();
        return new LearningRate(optimizer.lrSchedule(), optimizer.lr(), optimizer.warmupSteps(), totalSteps);
    }

    /**
     * What a resume changes in the learning rate of the steps to come, in one line; nothing if they have the rates that
     * they would have had.
     *
     * @param before the course of the checkpoint, null if that does not tell
     * @param done steps of the run that are done
     */
    static Optional<String> change(LearningRate before, LearningRate now, long done) {
        if (before == null || now.equalsFrom(done, before)) {
            return Optional.empty();
        }
        List<String> changes = new ArrayList<>();
        if (now.schedule() != before.schedule()) {
            changes.add("lr_schedule is now " + word(now) + " and not " + word(before));
        }
        if (now.peak() != before.peak()) {
            changes.add("lr is now " + number(now.peak()) + " and not " + number(before.peak()));
        }
        if (now.warmupSteps() != before.warmupSteps()) {
            changes.add("warmup_steps is now " + now.warmupSteps() + " and not " + before.warmupSteps());
        }
        if (now.totalSteps() != before.totalSteps() && now.totalSteps() != 0 && before.totalSteps() != 0) {
            changes.add("the schedule now ends at step " + now.totalSteps() + " and not " + before.totalSteps());
        }
        // A course that has come to its end goes on, if at all, with its last rate.
        boolean endless = before.schedule() == Schedule.CONSTANT;
        double otherwise = before.at(endless ? done : Math.min(done, Math.max(0, before.totalSteps() - 1)));
        return Optional.of("The learning rate takes another course than in the checkpoint, since "
                + String.join(", ", changes) + ": it goes on at " + number(now.at(done)) + " instead of "
                + number(otherwise) + " in step " + (done + 1));
    }

    /**
     * As {@link #change}, of a checkpoint from before checkpoints kept the course: by the rates in its log.
     *
     * @param lines of the log that the checkpoint holds
     */
    static Optional<String> changeByLog(List<JsonNode> lines, LearningRate now, long done) {
        JsonNode last = null;
        for (JsonNode line : lines) {
            if (line.path("event").asText().equals("step") && line.path("lr").isNumber()) {
                last = line;
            }
        }
        if (last == null) {
            return Optional.empty();
        }
        long step = last.path("step").asLong();
        double before = last.path("lr").asDouble();
        double same = now.at(step - 1);
        if (Math.abs(same - before) <= 1e-6 * Math.abs(before)) {
            return Optional.empty();
        }
        return Optional.of("The learning rate takes another course than in the checkpoint, whose log has "
                + number(before) + " in step " + step + ", where this configuration has " + number(same)
                + ": it goes on at " + number(now.at(done)) + " in step " + (done + 1));
    }

    private static String word(LearningRate rate) {
        return rate.schedule().name().toLowerCase(Locale.ROOT);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2e", value);
    }
}
