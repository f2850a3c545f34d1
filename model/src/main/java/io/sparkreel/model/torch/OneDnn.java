// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * oneDNN, which libtorch's convolutions on the host come from. The AVX-512 convolution of libtorch 2.7.1 leaves parts of
 * its output unwritten on some AMD processors (seen on EPYC of family 26 under a hypervisor), so AVX2 is used there.
 */
final class OneDnn {
    /** Read by oneDNN once, at its first primitive. */
    static final String LIMIT = "DNNL_MAX_CPU_ISA";

    /** The name of the same variable that oneDNN looks at first. */
    private static final String LIMIT_NEW_NAME = "ONEDNN_MAX_CPU_ISA";

    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    private OneDnn() {}

    private interface LibC extends Library {
        int setenv(String name, String value, int overwrite);
    }

    /** Comes before libtorch loads. A limit that the environment gives stands. */
    static void limitWhereItComputesWrongly() {
        if (System.getenv(LIMIT) == null && System.getenv(LIMIT_NEW_NAME) == null && isAffected(processors())) {
            Native.load("c", LibC.class).setenv(LIMIT, "AVX2", 0);
        }
    }

    /** What to do where a convolution computes wrongly all the same. */
    static String remedy() {
        return "Set " + LIMIT + "=AVX2, or SSE41 if that does not help, in the environment of driver and executors.";
    }

    /**
     * Whether the AVX-512 convolution is not to be trusted.
     *
     * @param processors the lines of /proc/cpuinfo
     */
    static boolean isAffected(List<String> processors) {
        return processors.stream().anyMatch(line -> line.startsWith("vendor_id") && line.endsWith("AuthenticAMD"))
                && processors.stream().anyMatch(line -> line.startsWith("flags") && line.contains(" avx512f "));
    }

    private static List<String> processors() {
        try {
            return Files.readAllLines(PROCESSORS);
        } catch (IOException e) {
            return List.of(); // not Linux: the self-test decides
        }
    }
}
