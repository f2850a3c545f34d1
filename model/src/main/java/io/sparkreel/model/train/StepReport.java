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
 * @param skipped true if the gradient was not finite, and nothing was updated, on any rank
 */
public record StepReport(double loss, double squaredError, double variationalBound,
        double gradientNorm, double learningRate, int samples, boolean skipped) {}
