// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class PeakRateTest {
    @Test
    void knowsGpusByTheNamesTheirDriverTells() {
        assertEquals(OptionalDouble.of(312e12), PeakRate.of("NVIDIA A100-SXM4-80GB", true));
        assertEquals(OptionalDouble.of(19.5e12), PeakRate.of("NVIDIA A100-SXM4-80GB", false));
        assertEquals(OptionalDouble.of(989e12), PeakRate.of("NVIDIA H100 80GB HBM3", true));
        assertEquals(OptionalDouble.of(756e12), PeakRate.of("NVIDIA H100 PCIe", true));
        assertEquals(OptionalDouble.of(362e12), PeakRate.of("NVIDIA L40S", true));
        assertEquals(OptionalDouble.of(125e12), PeakRate.of("NVIDIA A10", true));
        assertEquals(OptionalDouble.of(70e12), PeakRate.of("NVIDIA A10G", true));
        assertEquals(OptionalDouble.of(154.8e12), PeakRate.of("NVIDIA RTX A6000", true));
    }

    @Test
    void doesNotGuessAtOthers() {
        assertEquals(OptionalDouble.empty(), PeakRate.of("NVIDIA A1000", true));
        assertEquals(OptionalDouble.empty(), PeakRate.of("Tesla T4", false));
    }
}
