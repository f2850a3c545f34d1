// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How much of their time executors work: the time in which one has a batch at least, loading the model for the first
 * one included, of the time from its first batch to the end of the last batch of all.
 */
final class ExecutorUse {
    private static final double SECOND = 1e9;

    private final Map<String, Executor> executors = new LinkedHashMap<>();
    private long end = Long.MIN_VALUE;

    /** Clocks of executors and driver differ; only lengths are compared. */
    private static final class Executor {
        private final List<BatchOutcome> batches = new ArrayList<>();
        private long since = Long.MAX_VALUE;

        /** Batches may overlap. */
        long worked() {
            List<BatchOutcome> sorted = new ArrayList<>(batches);
            sorted.sort(Comparator.comparingLong(BatchOutcome::begin));
            long worked = 0;
            long until = Long.MIN_VALUE;
            for (BatchOutcome batch : sorted) {
                worked += Math.max(0, batch.end() - Math.max(until, batch.begin()));
                until = Math.max(until, batch.end());
            }
            return worked;
        }
    }

    /** @param arrival when the driver heard of it, in nanoseconds of the driver's clock */
    synchronized void add(BatchOutcome batch, long arrival) {
        Executor executor = executors.computeIfAbsent(batch.executor(), any -> new Executor());
        executor.batches.add(batch);
        executor.since = Math.min(executor.since, arrival - (batch.end() - batch.begin()));
        end = Math.max(end, arrival);
    }

    /** Seconds that executors were there, added up. */
    synchronized double availableSeconds() {
        return executors.values().stream()
                        .mapToLong(executor -> end - executor.since)
                        .sum()
                / SECOND;
    }

    /** Seconds that executors worked, added up. */
    synchronized double workedSeconds() {
        return executors.values().stream().mapToLong(Executor::worked).sum() / SECOND;
    }

    /** Seconds that their models sampled, added up. */
    synchronized double samplingSeconds() {
        return executors.values().stream()
                        .flatMap(executor -> executor.batches.stream())
                        .mapToLong(BatchOutcome::sampling)
                        .sum()
                / SECOND;
    }

    @Override
    public synchronized String toString() {
        double available = Math.max(availableSeconds(), 1 / SECOND);
        return String.format(
                Locale.ROOT,
                "%d executor%s worked %.1f %% of the time, %.1f of %.1f s; sampling was %.1f %%",
                executors.size(),
                executors.size() == 1 ? "" : "s",
                100 * workedSeconds() / available,
                workedSeconds(),
                availableSeconds(),
                100 * samplingSeconds() / available);
    }
}
