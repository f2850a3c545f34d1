// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** Adds fp32 values between direct buffers through two small arrays, which stay in the first-level cache. */
final class FloatSum {

    private static final int BLOCK = 2048;

    private final float[] sums = new float[BLOCK];
    private final float[] addends = new float[BLOCK];

    /** {@code target[i] += source[i]} for all of {@code source}; both in native order and of equal length. */
    void add(ByteBuffer target, ByteBuffer source) {
        FloatBuffer into = target.asFloatBuffer();
        FloatBuffer from = source.asFloatBuffer();
        for (int start = 0; start < from.limit(); start += BLOCK) {
            int count = Math.min(BLOCK, from.limit() - start);
            into.get(start, sums, 0, count);
            from.get(start, addends, 0, count);
            for (int index = 0; index < count; index++) {
                sums[index] += addends[index];
            }
            into.put(start, sums, 0, count);
        }
    }
}
