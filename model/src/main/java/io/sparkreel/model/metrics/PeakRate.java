// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.metrics;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * How fast a GPU can multiply dense matrices at most, by its makers' data sheets: bf16 with sums in fp32 on tensor
 * cores, and fp32 without them, as libtorch computes it by default. No training reaches it.
 */
public final class PeakRate {
    private static final double TERA = 1e12;

    /** Words of the name that the driver tells, and 10^12 operations a second in bf16 and fp32. */
    private record Device(String name, double bf16, double fp32) {}

    /** The first whose words are in the name counts. */
    private static final List<Device> DEVICES = List.of(
            new Device("b200", 2250, 75),
            new Device("gh200", 989, 67),
            new Device("h200", 989, 67),
            new Device("h100 pcie", 756, 51),
            new Device("h100 nvl", 835, 60),
            new Device("h100", 989, 67),
            new Device("h800", 989, 67),
            new Device("h20", 148, 44),
            new Device("a100", 312, 19.5),
            new Device("a800", 312, 19.5),
            new Device("a40", 149.7, 37.4),
            new Device("a30", 165, 10.3),
            new Device("a10g", 70, 31.5),
            new Device("a10", 125, 31.2),
            new Device("l40s", 362, 91.6),
            new Device("l40", 181, 90.5),
            new Device("l4", 121, 30.3),
            new Device("rtx 6000 ada", 364.2, 91.1),
            new Device("rtx a6000", 154.8, 38.7),
            new Device("rtx 5090", 209.5, 104.8),
            new Device("rtx 4090", 165.2, 82.6),
            new Device("rtx 3090", 71, 35.6));

    private PeakRate() {}

    /**
     * Operations a second of one device.
     *
     * @param name as the driver tells it, such as "NVIDIA A100-SXM4-80GB"
     * @param bf16 in bf16, or in fp32
     * @return nothing for a device that is not known
     */
    public static OptionalDouble of(String name, boolean bf16) {
        String words = " " + name.toLowerCase(Locale.ROOT).replace('-', ' ') + " ";
        return DEVICES.stream()
                .filter(device -> words.contains(" " + device.name() + " "))
                .mapToDouble(device -> (bf16 ? device.bf16() : device.fp32()) * TERA)
                .findFirst();
    }
}
