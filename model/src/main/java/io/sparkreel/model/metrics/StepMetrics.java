// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.metrics;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where the time of one rank goes, and what its micro-batches come to. It is always in one {@link Phase}, so the
 * phases add up to the time that passes. Not safe for several threads. A change of phase costs one look at the clock.
 */
public final class StepMetrics {
    /** What a rank may be doing. */
    public enum Phase {
        /** Waits for clips to be decoded and encoded. */
        DATA,
        /** Noises a micro-batch and computes its loss. */
        FORWARD,
        /** Computes gradients, and activations once more where they were not kept. */
        BACKWARD,
        /** Waits for gradients and losses of other ranks after its own backward pass: what that did not hide. */
        COMMUNICATION,
        /** Clips the gradient and updates moments, parameters and EMA. */
        OPTIMIZER,
        /** Anything else: checkpoints, log lines. */
        OTHER,
        /** Validation and samples, which are no part of a step. */
        ASIDE
    }

    private static final double NANOSECONDS = 1e9;

    private final long[] nanoseconds = new long[Phase.values().length];
    private final Map<String, BucketTotals> buckets = new TreeMap<>();
    private Phase phase = Phase.OTHER;
    private long since = System.nanoTime();
    private long tokens;
    private double operations;

    /** Ends the phase that the rank is in and begins another; returns the time at which that happens. */
    public long enter(Phase next) {
        long now = System.nanoTime();
        nanoseconds[phase.ordinal()] += now - since;
        since = now;
        phase = next;
        return now;
    }

    /**
     * Counts a micro-batch.
     *
     * @param bucket of its clips
     * @param samples clips in it
     * @param loss sum of their losses
     * @param sequence tokens of all of them
     * @param work operations of its forward and backward pass
     * @param time nanoseconds that these took
     */
    public void microBatch(String bucket, int samples, double loss, long sequence, double work, long time) {
        buckets.merge(bucket, new BucketTotals(1, samples, time / NANOSECONDS, loss), BucketTotals::plus);
        tokens += sequence;
        operations += work;
    }

    /** What was counted since the lap before, and begins a new one. */
    public RankLap lap() {
        enter(phase);
        Map<Phase, Double> seconds = new EnumMap<>(Phase.class);
        for (Phase each : Phase.values()) {
            seconds.put(each, nanoseconds[each.ordinal()] / NANOSECONDS);
            nanoseconds[each.ordinal()] = 0;
        }
        RankLap lap = new RankLap(seconds, tokens, operations, new TreeMap<>(buckets));
        buckets.clear();
        tokens = 0;
        operations = 0;
        return lap;
    }
}
