// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.process.Processes;

/**
 * Where a run stands: the content of a checkpoint's {@code state.json}.
 *
 * @param epoch the epoch of the last step
 * @param step steps of that epoch that are done
 * @param globalStep steps of the run that are done
 * @param optimizerSteps updates of the optimizer; fewer than global steps when some were skipped
 * @param seed of every draw
 * @param planFingerprint identity of data and configuration that the plan of steps follows from
 * @param process the {@link io.sparkreel.model.process.DiffusionProcess#identity} of the process that it trains with
 * @param epochEnded whether these are all of its steps; false in checkpoints of earlier versions, which did not tell
 * @param counts what the run has counted; null in checkpoints of earlier versions
 * @param learningRate the course of the learning rate; null in checkpoints of earlier versions
 */
public record RunState(
        @JsonProperty("epoch") int epoch,
        @JsonProperty("step") long step,
        @JsonProperty("global_step") long globalStep,
        @JsonProperty("optimizer_steps") long optimizerSteps,
        @JsonProperty("seed") long seed,
        @JsonProperty("plan_fingerprint") String planFingerprint,
        @JsonProperty("process") ObjectNode process,
        @JsonProperty("epoch_ended") boolean epochEnded,
        @JsonProperty("counts") RunCounts counts,
        @JsonProperty("learning_rate") LearningRate learningRate) {
    /** The only process, and the only thing known of it, of checkpoints that were written before there were others. */
    private static final String EARLIER_PROCESS = "iddpm";

    private static final String EARLIER_KEY = "predict_xstart";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A run that has counted nothing, and whose learning rate is not known. */
    public RunState(
            int epoch,
            long step,
            long globalStep,
            long optimizerSteps,
            long seed,
            String planFingerprint,
            ObjectNode process) {
        this(epoch, step, globalStep, optimizerSteps, seed, planFingerprint, process, false, null, null);
    }

    /** Reads a {@code state.json}, that of an earlier version too. */
    @JsonCreator
    static RunState read(ObjectNode stored) {
        ObjectNode process = stored.get("process") instanceof ObjectNode known
                ? known
                : Processes.identity(EARLIER_PROCESS)
                        .put(EARLIER_KEY, stored.path(EARLIER_KEY).asBoolean());
        return new RunState(
                stored.path("epoch").asInt(),
                stored.path("step").asLong(),
                stored.path("global_step").asLong(),
                stored.path("optimizer_steps").asLong(),
                stored.path("seed").asLong(),
                stored.path("plan_fingerprint").asText(null),
                process,
                stored.path("epoch_ended").asBoolean(),
                JSON.convertValue(stored.get("counts"), RunCounts.class),
                JSON.convertValue(stored.get("learning_rate"), LearningRate.class));
    }

    /** The same run by another plan, at the beginning of its epoch, or of the next if it has ended. Clips count anew. */
    public RunState replanned(String fingerprint) {
        return new RunState(
                epochEnded ? epoch + 1 : epoch,
                0,
                globalStep,
                optimizerSteps,
                seed,
                fingerprint,
                process,
                false,
                RunCounts.NONE,
                learningRate);
    }
}
