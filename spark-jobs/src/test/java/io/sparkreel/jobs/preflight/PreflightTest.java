// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.preflight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.BatchShape;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.Families;
import io.sparkreel.model.torch.Precision;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class PreflightTest {
    private static final long GIB = 1L << 30;

    private static SparkConf conf(String master, String... pairs) {
        SparkConf conf = new SparkConf(false).set("spark.master", master);
        for (int i = 0; i < pairs.length; i += 2) {
            conf.set(pairs[i], pairs[i + 1]);
        }
        return conf;
    }

    private static void refused(String setting, Executable check) {
        String message = assertThrows(UserError.class, check).getMessage();
        assertTrue(message.startsWith("Cannot start training: ") && message.contains(setting), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void settingsThatCannotWorkAreNamedBeforeSparkStarts() throws Exception {
        refused(
                "spark.dynamicAllocation.enabled=false",
                () -> Preflight.checkSettings(conf("yarn", "spark.dynamicAllocation.enabled", "true")));
        refused(
                "spark.task.cpus=4",
                () -> Preflight.checkSettings(conf("yarn", "spark.executor.cores", "4", "spark.task.cpus", "2")));
        refused(
                "spark.executor.cores",
                () -> Preflight.checkSettings(conf("local-cluster[2,1,1024]", "spark.task.cpus", "2")));
        refused(
                "spark.executor.resource.gpu.amount is 4",
                () -> Preflight.checkSettings(conf(
                        "yarn", "spark.executor.resource.gpu.amount", "4", "spark.task.resource.gpu.amount", "1")));
        Preflight.checkSettings(conf("yarn", "spark.executor.resource.gpu.amount", "1")); // the session adds the task's
        refused(
                "spark.task.resource.gpu.amount is 0.5",
                () -> Preflight.checkSettings(conf(
                        "yarn", "spark.executor.resource.gpu.amount", "1", "spark.task.resource.gpu.amount", "0.5")));
        refused(
                "spark.executor.resource.gpu.amount is not",
                () -> Preflight.checkSettings(conf("yarn", "spark.task.resource.gpu.amount", "1")));
        int port;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = taken.getLocalPort();
            Preflight.checkSettings(conf("spark://127.0.0.1:1,127.0.0.1:" + port));
        }
        refused("--master spark://127.0.0.1:" + port, () -> Preflight.checkSettings(conf("spark://127.0.0.1:" + port)));
    }

    @Test
    void settingsThatWorkPass() {
        Preflight.checkSettings(conf("local[4]", "spark.task.cpus", "1"));
        Preflight.checkSettings(conf("local-cluster[2,3,1024]"));
        Preflight.checkSettings(conf(
                "k8s://https://host",
                "spark.executor.cores",
                "8",
                "spark.task.cpus",
                "8",
                "spark.executor.resource.gpu.amount",
                "1",
                "spark.task.resource.gpu.amount",
                "1"));
    }

    @Test
    void anotherSparkOrScalaIsRefused() {
        Preflight.checkVersions("4.1.2", "2.13.17");
        refused("SPARK_HOME", () -> Preflight.checkVersions("3.5.8", "2.13.8"));
        refused("SPARK_HOME", () -> Preflight.checkVersions("4.1.2", "2.12.18"));
    }

    @Test
    void executorsAreWaitedForWithinTheFirstMinuteOrAsLongAsTold() {
        assertEquals(30, Preflight.longestWait(conf("yarn"), 10));
        assertEquals(10, Preflight.longestWait(conf("yarn"), 50));
        assertEquals(
                300,
                Preflight.longestWait(conf("yarn", "spark.scheduler.maxRegisteredResourcesWaitingTime", "5min"), 50));
    }

    private static RankFacts rank(int rank, String host, long heap, long memory, boolean gpu) {
        return new RankFacts(rank, Integer.toString(rank), host, "4.1.2", heap, memory, gpu, gpu ? 24 * GIB : 0);
    }

    @Test
    void memoryIsCountedByMachineAndContainer() {
        DenoiserConfig model = Families.published("STDiT2-XL/2").with(0.1, 120);
        BatchShape shape = new BatchShape(1, new LatentShape(4, 4, 32, 32), 120);
        MemoryEstimate need =
                MemoryEstimate.of(model.cost(Precision.BF16, true), Map.of("1 clip", shape), false, false, 256L << 20);
        // Weights, gradients, two moments and the average of 0.7 to 0.8 thousand million parameters, in fp32.
        assertTrue(need.state(1) > 13 * GIB && need.state(1) < 16 * GIB, need.toString());
        assertEquals(need.state(1), need.state(8));
        assertEquals(need.state(1) * 4 / 5, need.copy());

        // An estimate may be too high: a limit that a GPU of its size would pass is no reason to refuse.
        need.checkLimit(1, (need.state(1) + need.activations() * 0.76) / GIB);
        refused(
                "of activations of 1 clip, up to",
                () -> need.checkLimit(1, (need.state(1) + need.activations() * 0.74) / GIB));

        SparkConf standalone = conf("spark://host:7077");
        need.check(List.of(rank(0, "a", 4 * GIB, 64 * GIB, false), rank(1, "b", 4 * GIB, 64 * GIB, false)), standalone);
        refused(
                "spread the executors",
                () -> need.check(
                        List.of(rank(0, "a", 4 * GIB, 32 * GIB, false), rank(1, "a", 4 * GIB, 32 * GIB, false)),
                        standalone));
        // On GPUs the state is there, and the host holds the copy for checkpoints.
        need.check(List.of(rank(0, "a", 4 * GIB, 32 * GIB, true), rank(1, "a", 4 * GIB, 32 * GIB, true)), standalone);
        refused("decode_cache_mib", () -> need.check(List.of(rank(0, "a", GIB / 4, 64 * GIB, false)), standalone));

        List<RankFacts> containers = List.of(rank(0, "a", 4 * GIB, 64 * GIB, false));
        refused(
                "Set spark.executor.memoryOverhead=",
                () -> need.check(containers, conf("yarn", "spark.executor.memory", "4g")));
        need.check(containers, conf("yarn", "spark.executor.memory", "4g", "spark.executor.memoryOverhead", "40g"));
    }

    private static RankFacts onGpu(long memory) {
        return new RankFacts(0, "7", "a", "4.1.2", 4 * GIB, 64 * GIB, true, memory);
    }

    @Test
    void memoryOfGpusIsThatOfTheRankAndSharingTheOptimizerSavesSome() {
        DenoiserConfig model = Families.published("STDiT2-XL/2").with(0.1, 120);
        BatchShape small = new BatchShape(1, new LatentShape(4, 4, 32, 32), 120);
        BatchShape large = new BatchShape(64, new LatentShape(4, 16, 60, 108), 120);
        SparkConf conf = conf("spark://host:7077");
        MemoryEstimate plain =
                MemoryEstimate.of(model.cost(Precision.BF16, true), Map.of("1 clip", small), false, false, 0);
        plain.check(List.of(onGpu(24 * GIB)), conf);
        plain.check(List.of(onGpu(0)), conf); // a driver that tells nothing is no reason to refuse
        refused(
                "of executor 7 on a has 12.0 GiB. Take GPUs with more memory",
                () -> plain.check(List.of(onGpu(12 * GIB)), conf));
        refused("optimizer_sharding: true", () -> plain.check(List.of(onGpu(12 * GIB), onGpu(12 * GIB)), conf));
        MemoryEstimate sharded =
                MemoryEstimate.of(model.cost(Precision.BF16, true), Map.of("1 clip", small), true, false, 0);
        sharded.check(List.of(onGpu(12 * GIB), onGpu(12 * GIB)), conf);
        assertEquals((float) plain.state(1), (float) sharded.state(1), 8);
        assertEquals(plain.state(1) * (8 + 12.0 / 4) / 20, (double) sharded.state(4), 8);
        // Beside weights or average a rank copies the moments that it has.
        refused(
                "a rank needs " + "%.1f GiB".formatted((sharded.copy() * (1 / 4.0 + 1 / 8.0) + 300 * (1L << 20)) / GIB)
                        + " outside its heap",
                () -> sharded.check(Collections.nCopies(4, onGpu(24 * GIB)), conf("yarn")));
        MemoryEstimate drawing =
                MemoryEstimate.of(model.cost(Precision.BF16, true), Map.of("1 clip", small), true, true, 0);
        assertEquals(sharded.state(4) + plain.state(1) / 5.0, (double) drawing.state(4), 8);
        refused(
                "Lower the batch sizes of bucket_config, set grad_checkpoint: true",
                () -> MemoryEstimate.of(
                                model.cost(Precision.BF16, false),
                                Map.of("1 clip", small, "64 clips", large),
                                false,
                                false,
                                0)
                        .check(List.of(onGpu(80 * GIB)), conf));
    }

    @Test
    void executorsHaveRoomForOneRankEach() {
        Preflight.checkSlots(3, 3);
        refused("spark.task.cpus to at most", () -> Preflight.checkSlots(3, 2));
        refused("spark.task.cpus to the cores", () -> Preflight.checkSlots(3, 6));
    }
}
