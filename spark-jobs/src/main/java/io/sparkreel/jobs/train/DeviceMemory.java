// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import ai.djl.engine.EngineException;
import ai.djl.util.cuda.CudaUtils;
import com.sun.management.OperatingSystemMXBean;
import io.sparkreel.jobs.TaskDevice;
import io.sparkreel.jobs.config.Device;
import io.sparkreel.model.torch.Tensors;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** What an executor has for a rank to compute in: the memory of the GPU that it computes on, else that of its machine. */
final class DeviceMemory {
    private DeviceMemory() {}

    /**
     * Bytes on one executor; they are taken to be alike.
     *
     * @throws io.sparkreel.jobs.UserError if a GPU that Spark gives it cannot be used
     */
    static long ofAnExecutor(JavaSparkContext context, Device wanted) {
        return context.parallelize(List.of(0), 1).map(nothing -> bytes(wanted)).first();
    }

    private static long bytes(Device wanted) {
        Tensors device = TaskDevice.tensors(wanted);
        if (device.isOnHost()) {
            return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
        }
        int index = Integer.parseInt(device.device().replace("cuda:", ""));
        try {
            return CudaUtils.getGpuMemory(ai.djl.Device.gpu(index)).getMax();
        } catch (EngineException | IllegalArgumentException e) {
            return Long.MAX_VALUE; // DJL looks for a CUDA runtime of its own and finds none: nothing is known to be too much
        }
    }
}
