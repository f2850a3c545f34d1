// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.BucketConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * The order of batches of Open-Sora 1.1, batch for batch. It is here to repeat and to measure that
 * release: each rank of a step draws a bucket of its own and all wait for the dearest.
 */
public final class OpenSoraSampler {

    /**
     * Clips that one rank trains on at once.
     *
     * @param bucket the bucket they all are in
     * @param rows their positions in the metadata table
     */
    public record Batch(Bucket bucket, List<Integer> rows) {

        public Batch {
            rows = List.copyOf(rows);
        }
    }

    private final Map<Bucket, List<Integer>> rowsByBucket = new LinkedHashMap<>();
    private final Map<Bucket, Integer> batchSizes = new HashMap<>();
    private final long seed;
    private final boolean shuffle;
    private final boolean dropLast;

    /**
     * A sampler over assigned clips.
     *
     * @param assigned the bucket of each row of the metadata table, empty for clips left out
     * @param shuffle whether rows and batches are permuted
     * @param dropLast whether incomplete batches and steps are cut; else they are filled up with the
     *     first rows and batches
     * @throws InvalidInputException when a bucket that holds clips has no batch size
     */
    public OpenSoraSampler(
            BucketConfig config, List<Optional<Bucket>> assigned, long seed, boolean shuffle, boolean dropLast) {
        this(bucket -> batchSize(config, bucket), assigned, seed, shuffle, dropLast);
    }

    /**
     * A sampler over assigned clips.
     *
     * @param sizes clips of a batch of each bucket
     */
    public OpenSoraSampler(
            ToIntFunction<Bucket> sizes,
            List<Optional<Bucket>> assigned,
            long seed,
            boolean shuffle,
            boolean dropLast) {
        this.seed = seed;
        this.shuffle = shuffle;
        this.dropLast = dropLast;
        for (int row = 0; row < assigned.size(); row++) {
            if (assigned.get(row).isPresent()) {
                Bucket bucket = assigned.get(row).get();
                rowsByBucket.computeIfAbsent(bucket, key -> new ArrayList<>()).add(row);
            }
        }
        for (Bucket bucket : rowsByBucket.keySet()) {
            batchSizes.put(bucket, sizes.applyAsInt(bucket));
        }
    }

    private static int batchSize(BucketConfig config, Bucket bucket) {
        for (BucketConfig.Level level : config.levels()) {
            for (BucketConfig.Entry entry : level.entries()) {
                if (level.resolution().name().equals(bucket.resolution())
                        && entry.frames() == bucket.frames()
                        && entry.batchSize() != null) {
                    return entry.batchSize();
                }
            }
        }
        throw new InvalidInputException(String.format(
                Locale.ROOT,
                "Cannot make batches of bucket %s: bucket_config names no batch size for it. Add one.",
                bucket.id()));
    }

    /**
     * The micro-batches of one rank, as the reference's sampler deals them; what the golden data compares.
     *
     * @param ranks ranks that train together
     * @param rank from 0
     * @param consumed micro-batches that all ranks together have used of this epoch; rounded down to
     *     whole steps
     */
    public List<Batch> rank(long epoch, int ranks, int rank, int consumed) {
        if (ranks < 1 || rank < 0 || rank >= ranks || consumed < 0) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot plan rank %d of %d from micro-batch %d. Count ranks and micro-batches from 0.",
                    rank,
                    ranks,
                    consumed));
        }
        List<Batch> all = epoch(epoch, ranks);
        List<Batch> own = new ArrayList<>();
        for (int i = consumed / ranks * ranks + rank; i < all.size(); i += ranks) {
            own.add(all.get(i));
        }
        return own;
    }

    /** All micro-batches of an epoch; the i-th of each step is that of rank i. */
    public List<Batch> epoch(long epoch, int ranks) {
        TorchPermutation generator = new TorchPermutation(seed + epoch);
        Map<Bucket, List<Integer>> rows = new LinkedHashMap<>();
        List<Bucket> accesses = new ArrayList<>();
        rowsByBucket.forEach((bucket, members) -> {
            int size = batchSizes.get(bucket);
            List<Integer> whole = shuffled(wholeBatches(members, size), generator);
            rows.put(bucket, whole);
            for (int i = 0; i < whole.size() / size; i++) {
                accesses.add(bucket);
            }
        });
        List<Bucket> steps = wholeBatches(shuffled(accesses, generator), ranks);
        Map<Bucket, Integer> used = new HashMap<>();
        List<Batch> batches = new ArrayList<>();
        for (Bucket bucket : steps) {
            int size = batchSizes.get(bucket);
            List<Integer> members = rows.get(bucket);
            int from = Math.min(used.merge(bucket, size, Integer::sum) - size, members.size());
            int to = Math.min(from + size, members.size());
            batches.add(new Batch(bucket, members.subList(from, to)));
        }
        return batches;
    }

    /** Cuts the rest that fills no batch, or fills it up with the first elements, as far as they go. */
    private <T> List<T> wholeBatches(List<T> elements, int size) {
        int rest = elements.size() % size;
        if (rest == 0) {
            return elements;
        }
        if (dropLast) {
            return elements.subList(0, elements.size() - rest);
        }
        List<T> filled = new ArrayList<>(elements);
        filled.addAll(elements.subList(0, Math.min(size - rest, elements.size())));
        return filled;
    }

    private <T> List<T> shuffled(List<T> elements, TorchPermutation generator) {
        if (!shuffle) {
            return elements;
        }
        List<T> permuted = new ArrayList<>(elements.size());
        for (int index : generator.next(elements.size())) {
            permuted.add(elements.get(index));
        }
        return permuted;
    }
}
