// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.bucket.Bucket;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What micro-batches cost a rank in time and in memory: by the model's own formulas, and in seconds where an earlier
 * run measured some buckets.
 */
public final class CostModel {

    /** The formulas of a model. */
    public interface Formulas {
        /** Operations of a training step on one clip. */
        double flops(Bucket bucket);

        /** Tokens of one clip. */
        long tokens(Bucket bucket);

        /** The most memory that a training step takes, in bytes, what does not depend on the batch included. */
        double peakBytes(Bucket bucket, int batch);
    }

    private static final int MOST_CLIPS = 1 << 16;

    private final Formulas formulas;
    private final Map<String, Double> secondsPerClip;

    /** @param secondsPerClip by {@link Bucket#id}, possibly empty */
    public CostModel(Formulas formulas, Map<String, Double> secondsPerClip) {
        this.formulas = formulas;
        this.secondsPerClip = new TreeMap<>(secondsPerClip);
        secondsPerClip.forEach((bucket, seconds) -> {
            if (!(seconds > 0 && Double.isFinite(seconds))) {
                throw new InvalidInputException("Cannot use costs: bucket " + bucket + " takes " + seconds
                        + " seconds a clip. Give seconds above 0, or leave the bucket out.");
            }
        });
    }

    /**
     * A cost model of buckets some of which were measured: the others are put in proportion, by the measured seconds of
     * an operation.
     *
     * @param buckets those of the run
     */
    public Map<String, Double> clipCosts(Iterable<Bucket> buckets) {
        double seconds = 0;
        double flops = 0;
        for (Bucket bucket : buckets) {
            Double measured = secondsPerClip.get(bucket.id());
            if (measured != null) {
                seconds += measured;
                flops += formulas.flops(bucket);
            }
        }
        double secondsPerFlop = flops == 0 ? 1 : seconds / flops;
        Map<String, Double> costs = new TreeMap<>();
        for (Bucket bucket : buckets) {
            Double measured = flops == 0 ? null : secondsPerClip.get(bucket.id());
            costs.put(bucket.id(), Objects.requireNonNullElse(measured, formulas.flops(bucket) * secondsPerFlop));
        }
        return costs;
    }

    /** The formulas. */
    public Formulas formulas() {
        return formulas;
    }

    /** The most clips of a bucket that a rank can compute at once within so many bytes; 0 if not even one. */
    public int largestBatch(Bucket bucket, double bytes) {
        int fits = 0;
        int tooMany = MOST_CLIPS;
        while (fits + 1 < tooMany) {
            int middle = (fits + tooMany) >>> 1;
            if (formulas.peakBytes(bucket, middle) <= bytes) {
                fits = middle;
            } else {
                tooMany = middle;
            }
        }
        return fits;
    }
}
