// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.sparkreel.jobs.config.Device;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** Which device a task takes. */
class TaskDeviceTest {
    private static Optional<String> noCuda(int index) {
        return Optional.of("no CUDA here");
    }

    private static Optional<String> twoGpus(int index) {
        return index < 2 ? Optional.empty() : Optional.of("invalid device ordinal");
    }

    private static String choose(
            Device wanted, List<String> addresses, String visible, boolean alone, IntFunction<Optional<String>> gpus) {
        return TaskDevice.choose(wanted, addresses, visible, alone, gpus).device();
    }

    private static void assertRefused(
            String found,
            Device wanted,
            List<String> addresses,
            String visible,
            boolean alone,
            IntFunction<Optional<String>> gpus) {
        String message = assertThrows(UserError.class, () -> choose(wanted, addresses, visible, alone, gpus))
                .getMessage();
        assertTrue(message.startsWith("Cannot ") && message.contains(found), message);
    }

    @Test
    void theGpuThatSparkGaveIsTaken() {
        for (Device wanted : List.of(Device.AUTO, Device.CUDA)) {
            assertEquals("cuda:0", choose(wanted, List.of("0"), null, false, TaskDeviceTest::twoGpus));
            assertEquals("cuda:1", choose(wanted, List.of("1"), null, false, TaskDeviceTest::twoGpus));
        }
    }

    @Test
    void visibleDevicesRenumber() {
        assertEquals("cuda:1", choose(Device.AUTO, List.of("7"), "3, 7", false, TaskDeviceTest::twoGpus));
        assertEquals("cuda:0", choose(Device.AUTO, List.of("GPU-5ebe"), "GPU-5ebe", false, TaskDeviceTest::twoGpus));
        assertRefused("'1'", Device.AUTO, List.of("1"), "3,7", false, TaskDeviceTest::twoGpus);
        assertRefused("'GPU-5ebe'", Device.AUTO, List.of("GPU-5ebe"), null, false, TaskDeviceTest::twoGpus);
    }

    @Test
    void aGivenGpuThatDoesNotComputeIsNeverReplacedByTheCpu() {
        assertRefused("no CUDA here", Device.AUTO, List.of("0"), null, false, TaskDeviceTest::noCuda);
        assertRefused("invalid device ordinal", Device.AUTO, List.of("2"), null, false, TaskDeviceTest::twoGpus);
        assertEquals("cpu", choose(Device.CPU, List.of("0"), null, false, TaskDeviceTest::noCuda));
    }

    @Test
    void withoutAGivenGpu() {
        assertEquals("cpu", choose(Device.AUTO, List.of(), null, false, TaskDeviceTest::noCuda));
        assertRefused("Spark gave this task none", Device.CUDA, List.of(), null, false, TaskDeviceTest::noCuda);
        assertEquals("cuda:0", choose(Device.AUTO, List.of(), null, true, TaskDeviceTest::twoGpus));
        assertRefused(
                "two executors could take the same", Device.AUTO, List.of(), null, false, TaskDeviceTest::twoGpus);
        assertEquals("cpu", choose(Device.CPU, List.of(), null, false, TaskDeviceTest::twoGpus));
    }

    /** What libtorch itself says, where its build knows no CUDA. */
    @Test
    void theReasonIsLibtorchs() {
        String reason = Torch.problem(Tensors.onGpu(0)).orElse("");
        assumeFalse(reason.isEmpty(), "this machine has a GPU");
        assertEquals(1, reason.lines().count());
        assertTrue(reason.contains("CUDA"), reason);
        assertEquals(Optional.empty(), Torch.problem(Tensors.onHost()));
    }
}
