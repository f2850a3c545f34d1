// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.nio.ByteBuffer;

/**
 * Operations that all ranks of a training run do together. Every rank must call the same operations, with the same
 * sizes, in the same order; they run in that order. One thread at a time may call.
 *
 * <p>A failure is final: every pending and later operation throws a {@link CollectiveException} that names the rank
 * first seen failing.
 */
public interface Collective extends AutoCloseable {

    /** This rank, from 0 to {@link #worldSize} - 1. */
    int rank();

    /** Number of ranks. */
    int worldSize();

    /**
     * Starts to replace {@code range} by its element-wise sum over all ranks, and returns at once. Several operations
     * may be under way. The order of the additions depends only on the number of elements and ranks, so the result is
     * the same to the bit on every rank and in every run.
     *
     * @param range may be empty
     */
    Work allReduceSum(FlatRange range);

    /** As {@link #allReduceSum(FlatRange)}, of host memory. */
    default Work allReduceSum(ByteBuffer range) {
        return allReduceSum(FlatRange.of(range));
    }

    /**
     * Starts to replace this rank's part of {@code range} (see {@link FlatRange#partBegin}) by its sum over all ranks:
     * the same to the bit as {@link #allReduceSum} gives. The other parts hold nothing of use afterwards.
     */
    Work reduceScatterSum(FlatRange range);

    /** Starts to replace every part of {@code range} but this rank's own by that of the rank that owns it. */
    Work allGatherParts(FlatRange range);

    /**
     * Replaces {@code range} on every rank by that of rank {@code root}.
     *
     * @param range direct buffer, from its position to its limit; the same number of bytes on every rank
     */
    void broadcast(ByteBuffer range, int root);

    /** Returns once every rank has called it. */
    void barrier();

    /**
     * Returns what every rank gave, by rank. For small values, such as losses and counts; the sizes may differ.
     *
     * @throws io.sparkreel.model.InvalidInputException on every rank, if all of it together exceeds 1 GiB
     */
    byte[][] allGather(byte[] mine);

    /**
     * Tells the other ranks that this rank's task moves although it has not reached the next operation. A rank that
     * lets others wait without calling this, or any operation, for the stall timeout is taken for stalled; so call it
     * after each piece of long local work (a decoded clip, a micro-batch, a written file). Costs nanoseconds.
     */
    void reportProgress();

    /** Whether an operation has failed, or is going to: the other ranks have given up, whatever this one does. */
    default boolean hasFailed() {
        return false;
    }

    /** Leaves the group and frees its threads and connections; pending work fails on every rank. May be repeated. */
    @Override
    void close();
}
