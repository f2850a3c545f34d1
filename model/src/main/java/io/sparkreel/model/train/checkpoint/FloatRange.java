// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import java.nio.FloatBuffer;

/** A vector of floats that can be read by ranges. */
@FunctionalInterface
interface FloatRange {
    /** Copies elements from {@code begin} on until {@code target} is full. */
    void read(long begin, FloatBuffer target);
}
