// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.preflight;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.family.Cost;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.network.util.ByteUnit;
import org.apache.spark.network.util.JavaUtils;

/**
 * The memory that a rank will need, beside its heap.
 *
 * @param whole bytes of weights, gradients, both moments and the EMA that each rank has, in fp32
 * @param shared bytes of those that the ranks share out
 * @param copy total size of the checkpoint snapshot across all ranks, in bytes
 * @param activations bytes that the largest micro-batch takes, by estimate
 * @param largest what the largest micro-batch is
 * @param cache bytes of decoded clips, on the heap
 */
public record MemoryEstimate(long whole, long shared, long copy, long activations, String largest, long cache) {
    private static final int SAVED_VECTORS = 4;
    /** Beside decoded clips: Parquet buffers, frames on their way, Spark itself. */
    private static final long HEAP_BASE = 256L << 20;
    /** Of the JVM and libtorch, without tensors. */
    private static final long NATIVE_BASE = 300L << 20;
    /** The estimate of activations may be too high by as much as this; nobody is refused for that. */
    private static final double SURE = 0.75;
    /** Of a GPU, what CUDA and its libraries take. */
    private static final long CUDA_BASE = 500L << 20;

    private static final double GIB = 1L << 30;

    private static final String SMALLER_BATCHES = "Lower the batch sizes of bucket_config, set grad_checkpoint: true";
    private static final String OVERHEAD = "spark.executor.memoryOverhead";

    /**
     * @param cost of the model that is trained
     * @param micros shapes of the micro-batches that may come, by what each is, such as "8 clips of bucket 480p-16-1.00"
     * @param sharded whether the ranks share moments and EMA
     * @param samples whether clips are sampled from the EMA weights during the run, for which each rank gathers them
     * @param cache bytes of decoded clips
     */
    public static MemoryEstimate of(
            Cost cost, Map<String, BatchShape> micros, boolean sharded, boolean samples, long cache) {
        Cost.State state = cost.state();
        Map.Entry<String, BatchShape> largest = Collections.max(
                micros.entrySet(), Comparator.comparingDouble(micro -> cost.peakBytes(micro.getValue())));
        double shared = sharded ? state.sharedBytes() : 0;
        double gathered = sharded && samples ? state.emaBytes() : 0;
        return new MemoryEstimate(
                (long) (state.bytes() - shared + gathered),
                (long) shared,
                state.savedBytes(),
                (long) (cost.peakBytes(largest.getValue()) - state.bytes()),
                largest.getKey(),
                cache);
    }

    /** Bytes of weights, gradients, moments and EMA on one of several ranks. */
    long state(int ranks) {
        return whole + shared / ranks;
    }

    /** Bytes of the model and its training, where the tensors are. */
    private long training(int ranks) {
        return state(ranks) + (long) (SURE * activations);
    }

    /** Bytes of a GPU. */
    private long onGpu(int ranks) {
        return CUDA_BASE + training(ranks);
    }

    /** The most that one of several ranks copies: weights and EMA lie whole on one rank each, or on the only one. */
    private long copyOfOne(int ranks) {
        if (shared > 0 && ranks > 1) {
            return copy / SAVED_VECTORS + copy / 2 / ranks; // the moments that it has are those that it copies
        }
        return Math.max(copy / SAVED_VECTORS, copy / ranks);
    }

    /** Bytes outside the heap on the machine of a rank. */
    private long onHost(int ranks, boolean gpu) {
        return NATIVE_BASE + copyOfOne(ranks) + (gpu ? 0 : training(ranks));
    }

    /**
     * @param memoryGib what the model and its training may take on a rank, in GiB
     * @throws io.sparkreel.jobs.error.UserError if they take more
     */
    public void checkLimit(int ranks, double memoryGib) {
        if (training(ranks) > memoryGib * GIB) {
            throw Preflight.refused(
                    "a rank needs " + gibibytes(training(ranks)) + " (" + describe(ranks) + "), and memory_gib is "
                            + memoryGib,
                    activations < state(ranks)
                            ? "Raise memory_gib, or configure a smaller model"
                            : SMALLER_BATCHES + ", set batch_sizes: auto, or raise memory_gib");
        }
    }

    /** @throws io.sparkreel.jobs.error.UserError if the ranks would not fit into the memory that they have */
    public void check(List<RankFacts> ranks, SparkConf conf) {
        for (RankFacts rank : ranks) {
            if (rank.heap() < cache + HEAP_BASE) {
                String setting = heapSetting(rank);
                throw Preflight.refused(
                        "decode_cache_mib " + (cache >> 20) + " and what is needed beside it take "
                                + gibibytes(cache + HEAP_BASE) + " of heap, and " + setting + " is "
                                + gibibytes(rank.heap()),
                        "Raise " + setting + ", or lower decode_cache_mib");
            }
        }
        checkContainers(ranks, conf);
        ranks.forEach(rank -> checkGpu(rank, ranks.size()));
        Map<String, List<RankFacts>> byHost = ranks.stream().collect(Collectors.groupingBy(RankFacts::host));
        byHost.forEach((host, there) -> {
            long need = there.stream()
                    .mapToLong(rank -> rank.heap() + onHost(ranks.size(), rank.gpu()))
                    .sum();
            long memory = there.get(0).memory();
            if (need > memory) {
                throw Preflight.refused(
                        there.size() + (there.size() == 1 ? " rank needs " : " ranks need ")
                                + gibibytes(need) + " on " + host + ", heap included, which has " + gibibytes(memory)
                                + " ("
                                + describe(ranks.size()) + ")",
                        remedies(
                                there.get(0),
                                ranks.size(),
                                there.get(0).isDriver()
                                        ? "take a machine with more"
                                        : "spread the executors over more machines"));
            }
        });
    }

    /** Containers are given the heap and an overhead, and tensors lie outside the heap. */
    private void checkContainers(List<RankFacts> ranks, SparkConf conf) {
        String master = conf.get("spark.master", "");
        if (!master.startsWith("yarn") && !master.startsWith("k8s")) {
            return;
        }
        long heap = JavaUtils.byteStringAsBytes(conf.get("spark.executor.memory", "1g"));
        double factor = conf.getDouble("spark.executor.memoryOverheadFactor", 0.1);
        long least = JavaUtils.byteStringAs(conf.get("spark.executor.minMemoryOverhead", "384m"), ByteUnit.BYTE);
        long overhead = conf.contains(OVERHEAD)
                ? JavaUtils.byteStringAs(conf.get(OVERHEAD), ByteUnit.MiB) << 20
                : Math.max(least, (long) (factor * heap));
        long need = onHost(ranks.size(), ranks.get(0).gpu());
        if (need > overhead) {
            throw Preflight.refused(
                    "a rank needs " + gibibytes(need) + " outside its heap (" + describe(ranks.size()) + "), and "
                            + OVERHEAD + " is " + gibibytes(overhead),
                    "Set " + OVERHEAD + "="
                            + (long) Math.ceil(need / GIB) + "g or more"
                            + (ranks.get(0).gpu() ? "" : ", or " + remedies(ranks.get(0), ranks.size(), null)));
        }
    }

    private void checkGpu(RankFacts rank, int ranks) {
        if (rank.gpuMemory() > 0 && onGpu(ranks) > rank.gpuMemory()) {
            String most = activations < state(ranks) ? "Take GPUs with more memory" : SMALLER_BATCHES;
            boolean shares = shared > 0 || ranks == 1;
            throw Preflight.refused(
                    "a rank needs " + gibibytes(onGpu(ranks)) + " of its GPU (" + describe(ranks)
                            + "), and that of executor " + rank.executor() + " on " + rank.host() + " has "
                            + gibibytes(rank.gpuMemory()),
                    most + (shares ? ", or configure a smaller model" : ", or set optimizer_sharding: true"));
        }
    }

    private String remedies(RankFacts rank, int ranks, String more) {
        String less = (rank.gpu() || activations < state(ranks)
                        ? "lower "
                        : "lower the batch sizes of bucket_config, set grad_checkpoint: true, lower ")
                + heapSetting(rank);
        String text = more == null ? less : less + ", or " + more;
        return more == null ? text : Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }

    private static String heapSetting(RankFacts rank) {
        return rank.isDriver() ? "spark.driver.memory" : "spark.executor.memory";
    }

    private static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", bytes / GIB);
    }

    private String describe(int ranks) {
        return gibibytes(state(ranks)) + " of weights, gradients, moments and EMA, about " + gibibytes(activations)
                + " of activations of " + largest + ", up to " + gibibytes(copy)
                + " for the copy that checkpoints are written from";
    }
}
