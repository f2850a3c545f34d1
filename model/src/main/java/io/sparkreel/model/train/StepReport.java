// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import java.util.Map;

/**
 * The result of one training step, over all ranks.
 *
 * @param loss mean over the step's samples
 * @param terms means of the terms of the loss, by name; empty if there was no clip
 * @param gradientNorm global norm before clipping
 * @param learningRate the rate of this step
 * @param samples clips in the step
 * @param skipped true if nothing was updated, on any rank: the loss or the gradient was not finite, or there was no clip
 * @param stop true if a rank has asked all to stop
 */
public record StepReport(
        double loss,
        Map<String, Double> terms,
        double gradientNorm,
        double learningRate,
        int samples,
        boolean skipped,
        boolean stop) {
    /** Whether the loss or the gradient was not finite. */
    public boolean notFinite() {
        return skipped && samples > 0;
    }
}
