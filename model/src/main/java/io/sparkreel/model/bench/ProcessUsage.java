// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import com.sun.management.OperatingSystemMXBean;
import io.sparkreel.model.torch.GpuMemory;
import io.sparkreel.model.torch.Tensors;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has used so far. */
public final class ProcessUsage {
    private static final double NANOSECONDS = 1e9;
    private static final double KIBIBYTES_OF_A_MEBIBYTE = 1024;
    private static final double BYTES_OF_A_MEBIBYTE = 1024 * 1024;

    private ProcessUsage() {}

    /** Processor time of all threads. */
    static double processorSeconds() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / NANOSECONDS;
    }

    /**
     * The most memory this process has held: resident memory, or on a GPU that of the device, whose allocator keeps
     * what it once took.
     */
    public static double peakMebibytes(Tensors tensors) throws IOException {
        if (!tensors.isOnHost()) {
            return GpuMemory.used(tensors.gpu())
                            .orElseThrow(() -> new IOException("Cannot read the memory of " + tensors.device()
                                    + ": the driver tells nothing of it. See nvidia-smi."))
                    / BYTES_OF_A_MEBIBYTE;
        }
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) / KIBIBYTES_OF_A_MEBIBYTE)
                .findFirst()
                .orElseThrow(() -> new IOException("Cannot read the peak of resident memory: "
                        + "/proc/self/status has no VmHWM. Measure on Linux."));
    }

    /** Begins the peak of resident memory anew, where the operating system lets a process do that. */
    public static void forgetPeak() {
        try {
            Files.writeString(Path.of("/proc/self/clear_refs"), "5");
        } catch (IOException e) {
            return; // then the peak of all that came before counts
        }
    }
}
