// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The keyed draw that decides whether a clip stays in a bucket: a hash of (clip, seed, epoch,
 * resolution and frames), so that order, partitioning, retries and engine do not matter.
 */
public final class KeepDraw {

    private KeepDraw() {}

    /**
     * Uniform in [0, 1): the upper 53 bits of Spark's {@code xxhash64(clip_id, seed, epoch, tag)},
     * the first three as longs, times 2^-53.
     *
     * @param bucketTag {@link Candidate#tag}
     */
    public static double draw(long seed, long epoch, long clipId, String bucketTag) {
        Objects.requireNonNull(bucketTag, "bucketTag");
        long hash = XxHash64.hash(clipId, XxHash64.SPARK_SEED);
        hash = XxHash64.hash(seed, hash);
        hash = XxHash64.hash(epoch, hash);
        hash = XxHash64.hash(bucketTag.getBytes(StandardCharsets.UTF_8), hash);
        return (hash >>> 11) * 0x1.0p-53;
    }
}
