// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * XXH64 of Yann Collet (xxhash specification 0.1.1). Spark's function {@code xxhash64(a, b, ...)}
 * starts from seed 42 and takes each argument's hash as the seed of the next.
 */
final class XxHash64 {

    /** The seed of Spark's {@code xxhash64}. */
    static final long SPARK_SEED = 42;

    private static final long PRIME_1 = 0x9E3779B185EBCA87L;
    private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
    private static final long PRIME_3 = 0x165667B19E3779F9L;
    private static final long PRIME_4 = 0x85EBCA77C2B2AE63L;
    private static final long PRIME_5 = 0x27D4EB2F165667C5L;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private XxHash64() {}

    /** Hash of the eight little-endian bytes of a long. */
    static long hash(long value, long seed) {
        return avalanche(eight(seed + PRIME_5 + Long.BYTES, value));
    }

    static long hash(byte[] bytes, long seed) {
        int position = 0;
        long hash;
        if (bytes.length >= 32) {
            long lane1 = seed + PRIME_1 + PRIME_2;
            long lane2 = seed + PRIME_2;
            long lane3 = seed;
            long lane4 = seed - PRIME_1;
            for (; position <= bytes.length - 32; position += 32) {
                lane1 = round(lane1, (long) LONGS.get(bytes, position));
                lane2 = round(lane2, (long) LONGS.get(bytes, position + 8));
                lane3 = round(lane3, (long) LONGS.get(bytes, position + 16));
                lane4 = round(lane4, (long) LONGS.get(bytes, position + 24));
            }
            hash = Long.rotateLeft(lane1, 1)
                    + Long.rotateLeft(lane2, 7)
                    + Long.rotateLeft(lane3, 12)
                    + Long.rotateLeft(lane4, 18);
            hash = merge(hash, lane1);
            hash = merge(hash, lane2);
            hash = merge(hash, lane3);
            hash = merge(hash, lane4);
        } else {
            hash = seed + PRIME_5;
        }
        hash += bytes.length;
        for (; position <= bytes.length - 8; position += 8) {
            hash = eight(hash, (long) LONGS.get(bytes, position));
        }
        if (position <= bytes.length - 4) {
            long four = Integer.toUnsignedLong((int) INTS.get(bytes, position));
            hash = Long.rotateLeft(hash ^ four * PRIME_1, 23) * PRIME_2 + PRIME_3;
            position += 4;
        }
        for (; position < bytes.length; position++) {
            hash = Long.rotateLeft(hash ^ (bytes[position] & 0xff) * PRIME_5, 11) * PRIME_1;
        }
        return avalanche(hash);
    }

    private static long round(long lane, long input) {
        return Long.rotateLeft(lane + input * PRIME_2, 31) * PRIME_1;
    }

    private static long merge(long hash, long lane) {
        return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
    }

    private static long eight(long hash, long input) {
        return Long.rotateLeft(hash ^ round(0, input), 27) * PRIME_1 + PRIME_4;
    }

    private static long avalanche(long hash) {
        long mixed = (hash ^ hash >>> 33) * PRIME_2;
        mixed = (mixed ^ mixed >>> 29) * PRIME_3;
        return mixed ^ mixed >>> 32;
    }
}
