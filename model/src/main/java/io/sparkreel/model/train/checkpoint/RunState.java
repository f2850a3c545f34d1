// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Where a run stands: the content of a checkpoint's {@code state.json}.
 *
 * @param epoch the epoch of the next step
 * @param step steps of that epoch that are done
 * @param globalStep steps of the run that are done
 * @param optimizerSteps updates of the optimizer; fewer than global steps when some were skipped
 * @param seed of every draw
 * @param planFingerprint identity of data and configuration that the plan of steps follows from
 * @param predictXstart whether the model's output is the clean latent instead of the noise
 */
public record RunState(
        @JsonProperty("epoch") int epoch,
        @JsonProperty("step") long step,
        @JsonProperty("global_step") long globalStep,
        @JsonProperty("optimizer_steps") long optimizerSteps,
        @JsonProperty("seed") long seed,
        @JsonProperty("plan_fingerprint") String planFingerprint,
        @JsonProperty("predict_xstart") boolean predictXstart) {}
