// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

/** Where the random part of a training step comes from; tests give numbers of their own. */
@FunctionalInterface
public interface Draws {
    /**
     * What is drawn for a micro-batch of B clips.
     *
     * @param noise [B, C, T, h, w]
     * @param times [B], of the diffusion process
     * @param frameMask [B * T], true for a frame that is noised, or null if all are
     * @param dropped [B], whether the null caption replaces the clip's own
     */
    record Drawn(float[] noise, float[] times, boolean[] frameMask, boolean[] dropped) {}

    Drawn of(MicroBatch microBatch);
}
