// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.preflight;

import com.sun.management.OperatingSystemMXBean;
import io.sparkreel.jobs.config.Device;
import io.sparkreel.jobs.spark.BarrierStage;
import io.sparkreel.jobs.spark.TaskDevice;
import io.sparkreel.model.torch.GpuMemory;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.OptionalInt;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What an executor has to offer a rank.
 *
 * @param executor Spark's name of it
 * @param host where it is
 * @param spark its version of Spark
 * @param heap bytes that its heap may take
 * @param memory bytes of the machine, or of the container
 * @param gpu whether the rank computes on a GPU
 * @param gpuMemory bytes of that GPU; 0 where that is not known, and where there is none
 */
public record RankFacts(
        int rank, String executor, String host, String spark, long heap, long memory, boolean gpu, long gpuMemory)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * Those of this process.
     *
     * @param device what the rank is to compute on
     */
    static RankFacts here(int rank, Device device) {
        SparkEnv env = SparkEnv.get();
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        OptionalInt gpu = gpu(device, env.executorId().equals("driver"));
        return new RankFacts(
                rank,
                env.executorId(),
                env.blockManager().blockManagerId().host(),
                org.apache.spark.package$.MODULE$.SPARK_VERSION(),
                Runtime.getRuntime().maxMemory(),
                system.getTotalMemorySize(),
                gpu.isPresent(),
                gpu.isPresent() ? GpuMemory.total(gpu.getAsInt()).orElse(0) : 0);
    }

    /** Whether the driver itself is the one rank. */
    boolean isDriver() {
        return executor.equals("driver");
    }

    /** The GPU that the rank will compute on, if so, as {@link TaskDevice} chooses. */
    private static OptionalInt gpu(Device device, boolean alone) {
        if (device == Device.CPU) {
            return OptionalInt.empty();
        }
        List<String> addresses = TaskDevice.addresses();
        if (!addresses.isEmpty()) {
            return OptionalInt.of(TaskDevice.index(addresses.get(0), System.getenv("CUDA_VISIBLE_DEVICES")));
        }
        boolean helpsItself = alone
                && GpuMemory.total(0).isPresent()
                && Torch.problem(Tensors.onGpu(0)).isEmpty();
        return helpsItself ? OptionalInt.of(0) : OptionalInt.empty();
    }

    /** Asks all ranks, in a barrier stage such as they train in. */
    static List<RankFacts> ofAll(JavaSparkContext context, int ranks, Device device) {
        return BarrierStage.run(context, ranks, RankFacts.class, rank -> here(rank.partitionId(), device));
    }
}
