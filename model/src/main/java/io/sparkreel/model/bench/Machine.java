// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/** What a measurement was taken on, how and when: without that its numbers mean little. */
final class Machine {
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    private Machine() {}

    /** Adds {@code machine}, {@code command} and {@code date}. */
    static void describe(Map<String, Object> report, String benchmark, String... words) {
        report.put(
                "machine",
                Runtime.getRuntime().availableProcessors() + " x " + processor() + ", " + System.getProperty("os.name")
                        + ", Java " + System.getProperty("java.version"));
        report.put("command", ("submit/bench " + benchmark + " " + String.join(" ", words)).strip());
        report.put(
                "date",
                ZonedDateTime.now(ZoneOffset.UTC)
                        .truncatedTo(ChronoUnit.SECONDS)
                        .toString());
    }

    private static String processor() {
        try (var lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.replaceFirst(".*:\\s*", ""))
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException unreadable) {
            return System.getProperty("os.arch");
        }
    }
}
