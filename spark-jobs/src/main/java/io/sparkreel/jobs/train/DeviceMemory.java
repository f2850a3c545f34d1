// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import com.sun.management.OperatingSystemMXBean;
import io.sparkreel.jobs.TaskDevice;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** What an executor has for a rank to compute in: the memory of the GPU that Spark gives it, else that of its machine. */
final class DeviceMemory {
    private DeviceMemory() {}

    /** Bytes on one executor; they are taken to be alike. */
    static long ofAnExecutor(JavaSparkContext context) {
        return context.parallelize(List.of(0), 1).map(nothing -> bytes()).first();
    }

    private static long bytes() {
        return TaskDevice.addresses().isEmpty()
                ? ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize()
                : CudaUtils.getGpuMemory(Device.gpu(0)).getMax();
    }
}
