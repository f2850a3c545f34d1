// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import io.sparkreel.bucketing.bucket.ClipId;
import io.sparkreel.bucketing.bucket.KeyedOrder;
import io.sparkreel.bucketing.plan.StepPlanner.BucketLoad;
import io.sparkreel.bucketing.plan.StepPlanner.Mix;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The steps of one epoch, as a rule that says where each clip goes. Micro-batches of one bucket and size are numbered
 * one after the other, kind after kind; a keyed permutation of these numbers is the order of the epoch.
 */
public final class EpochPlan implements Serializable {
    private static final long serialVersionUID = 1L;
    /** Enough micro-batches for three digits of an average. */
    private static final int MOST_LOOKED_AT = 400_000;

    /**
     * Where a clip stands.
     *
     * @param step of the epoch, from 0
     * @param microBatch of the step, from 0
     * @param slot in the micro-batch, from 0
     * @param cost of the whole micro-batch
     */
    public record Place(long step, int microBatch, int slot, double cost) {}

    /**
     * A micro-batch of the plan.
     *
     * @param bucket its number
     * @param samples clips in it
     * @param cost of all of them
     */
    public record Planned(int bucket, int samples, double cost) {}

    /** Micro-batches that are alike: the whole ones of a bucket, or the smaller one of what is left over. */
    private record Kind(int bucket, int samples, double cost, long count, long first) implements Serializable {}

    private final List<BucketLoad> buckets;
    private final int perStep;
    private final Mix mix;
    private final long microBatches;
    private final long steps;
    private final List<Kind> kinds = new ArrayList<>();
    /** By bucket: its kinds, null where it has none. */
    private final Kind[] whole;

    private final Kind[] rest;
    private final KeyedPermutation[] clipOrders;
    /** Of micro-batches, or of steps where those are sorted. */
    private final KeyedPermutation order;

    EpochPlan(StepPlanner planner, long epoch, List<BucketLoad> buckets) {
        this.buckets = List.copyOf(buckets);
        perStep = planner.microBatchesPerStep();
        mix = planner.mix();
        List<Kind> unordered = new ArrayList<>();
        clipOrders = new KeyedPermutation[buckets.size()];
        for (int bucket = 0; bucket < buckets.size(); bucket++) {
            BucketLoad load = buckets.get(bucket);
            int left = (int) (load.clips() % load.batchSize());
            unordered.add(kind(bucket, load.batchSize(), load.clips() / load.batchSize()));
            unordered.add(kind(bucket, left, left == 0 ? 0 : 1));
            if (load.clips() > 0) {
                clipOrders[bucket] = order(planner, epoch, load.clips(), load.name());
            }
        }
        unordered.removeIf(kind -> kind.count() == 0);
        unordered.sort(Comparator.comparingDouble((Kind kind) -> -kind.cost())
                .thenComparing(kind -> buckets.get(kind.bucket()).name())
                .thenComparing(kind -> -kind.samples()));
        whole = new Kind[buckets.size()];
        rest = new Kind[buckets.size()];
        long first = 0;
        for (Kind kind : unordered) {
            Kind placed = new Kind(kind.bucket(), kind.samples(), kind.cost(), kind.count(), first);
            kinds.add(placed);
            (kind.samples() == buckets.get(kind.bucket()).batchSize() ? whole : rest)[kind.bucket()] = placed;
            first += kind.count();
        }
        microBatches = first;
        steps = (microBatches + perStep - 1) / perStep;
        long ordered = mix == Mix.MIXED ? microBatches : steps;
        order = ordered == 0 ? null : order(planner, epoch, ordered, "");
    }

    private static KeyedPermutation order(StepPlanner planner, long epoch, long length, String name) {
        return new KeyedPermutation(length, KeyedOrder.key(planner.seed(), epoch, ClipId.of(name, 0)));
    }

    private Kind kind(int bucket, int samples, long count) {
        return new Kind(bucket, samples, samples * buckets.get(bucket).clipCost(), count, 0);
    }

    /** Steps of the epoch; one of them may have fewer micro-batches. */
    public long steps() {
        return steps;
    }

    /** Micro-batches of the epoch. */
    public long microBatches() {
        return microBatches;
    }

    /** Clips of the epoch. */
    public long clips() {
        return buckets.stream().mapToLong(BucketLoad::clips).sum();
    }

    /** The buckets, by number. */
    public List<BucketLoad> buckets() {
        return buckets;
    }

    /**
     * Where a clip goes.
     *
     * @param bucket number of its bucket
     * @param clip its number in the bucket, from 0
     */
    public Place place(int bucket, long clip) {
        long shuffled = clipOrders[bucket].placeOf(clip);
        int size = buckets.get(bucket).batchSize();
        long batch = shuffled / size;
        boolean isWhole = whole[bucket] != null && batch < whole[bucket].count();
        Kind kind = isWhole ? whole[bucket] : rest[bucket];
        long number = kind.first() + (isWhole ? batch : 0);
        int slot = (int) (shuffled % size);
        if (mix == Mix.MIXED) {
            long place = order.placeOf(number);
            return new Place(place / perStep, (int) (place % perStep), slot, kind.cost());
        }
        return new Place(order.placeOf(number / perStep), (int) (number % perStep), slot, kind.cost());
    }

    /** Micro-batches of a step. */
    public int size(long step) {
        long sorted = mix == Mix.MIXED ? step : order.elementAt(step);
        return (int) Math.min(perStep, microBatches - sorted * perStep);
    }

    /** What a micro-batch of a step is made of. */
    public Planned microBatch(long step, int microBatch) {
        long number = mix == Mix.MIXED
                ? order.elementAt(step * perStep + microBatch)
                : order.elementAt(step) * perStep + microBatch;
        int low = 0;
        int high = kinds.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (kinds.get(middle).first() <= number) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Kind kind = kinds.get(low);
        return new Planned(kind.bucket(), kind.samples(), kind.cost());
    }

    /** What the micro-batches of a step cost. */
    public double[] costs(long step) {
        double[] costs = new double[size(step)];
        for (int i = 0; i < costs.length; i++) {
            costs[i] = microBatch(step, i).cost();
        }
        return costs;
    }

    /**
     * The part of the ranks' time that is not spent waiting for the most loaded of them: the sum of the ranks' mean cost
     * over the sum of their greatest, over the steps of the epoch, or as many of them as tell.
     *
     * @param ranks how many share each step
     */
    public double efficiency(int ranks) {
        long looked = Math.min(steps, Math.max(20, MOST_LOOKED_AT / perStep));
        double mean = 0;
        double greatest = 0;
        for (long i = 0; i < looked; i++) {
            double[] loads = StepSharing.loads(costs(i * steps / looked), ranks);
            double most = 0;
            for (double load : loads) {
                mean += load / ranks;
                most = Math.max(most, load);
            }
            greatest += most;
        }
        return greatest == 0 ? 1 : mean / greatest;
    }
}
