// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The line of JSON in which a benchmark reports: what, when, on which machine, by which command. */
public final class BenchmarkLine {
    private static final ObjectMapper JSON = new ObjectMapper();

    private BenchmarkLine() {}

    /** The beginning of a line; results are put after it. */
    public static ObjectNode begin(String benchmark) {
        ObjectNode line = JSON.createObjectNode();
        line.put("benchmark", benchmark)
                .put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        line.put("command", System.getenv().getOrDefault("SPARKREEL_COMMAND", ""));
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        line.putObject("machine")
                .put("processor", processor())
                .put("cores", Runtime.getRuntime().availableProcessors())
                .put("memory_gib", system.getTotalMemorySize() >> 30)
                .put("java", Runtime.version().toString())
                .put("load_before", Math.round(100 * system.getSystemLoadAverage()) / 100.0);
        return line;
    }

    private static String processor() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }
}
