// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import java.util.Arrays;
import java.util.Comparator;

/** An order of clips that looks random and follows from (seed, epoch) and the clips alone. */
public final class KeyedOrder {

    private KeyedOrder() {}

    /** Spark's {@code xxhash64(clip_id, seed, epoch)}, all as longs. */
    public static long key(long seed, long epoch, long clipId) {
        long hash = XxHash64.hash(clipId, XxHash64.SPARK_SEED);
        return XxHash64.hash(epoch, XxHash64.hash(seed, hash));
    }

    /** The clips by key, then by identity. */
    public static long[] sorted(long seed, long epoch, long[] clipIds) {
        long[][] keyed = new long[clipIds.length][];
        for (int i = 0; i < clipIds.length; i++) {
            keyed[i] = new long[] {key(seed, epoch, clipIds[i]), clipIds[i]};
        }
        Arrays.sort(keyed, Comparator.<long[]>comparingLong(pair -> pair[0]).thenComparingLong(pair -> pair[1]));
        return Arrays.stream(keyed).mapToLong(pair -> pair[1]).toArray();
    }
}
