// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

/**
 * What one training step came to, over all ranks.
 *
 * @param loss mean over the step's samples of squared error + weight * variational bound
 * @param squaredError its first term
 * @param variationalBound its second term, unweighted, in bits
 * @param gradientNorm global norm before clipping
 * @param learningRate the rate of this step
 * @param samples clips in the step
 * @param skipped true if nothing was updated, on any rank: the loss or the gradient was not finite, or there was no clip
 * @param stop true if a rank has asked all to stop
 */
public record StepReport(
        double loss,
        double squaredError,
        double variationalBound,
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
