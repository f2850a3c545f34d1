// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the driver and the executors of a job have of the machine's memory, as long as it runs; beside its log, {@code
 * .rss.csv} has every sample.
 */
final class ResidentMemory implements Launcher.Incident {
    private static final long PAUSE_MS = 250;

    private final Map<String, List<Long>> samples = new TreeMap<>();
    private final List<String> lines = new ArrayList<>(List.of("time,process,kib"));

    @Override
    public void happen(Process process, Path log) throws Exception {
        while (process.isAlive()) {
            sample("driver", process.toHandle());
            for (ProcessHandle executor : Launcher.executors(process)) {
                sample("executor " + executor.pid(), executor);
            }
            Thread.sleep(PAUSE_MS);
        }
        Files.write(log.resolveSibling(log.getFileName() + ".rss.csv"), lines);
    }

    private void sample(String name, ProcessHandle process) {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        try (Stream<String> told = Files.lines(status)) {
            told.filter(line -> line.startsWith("VmRSS:"))
                    .findFirst()
                    .map(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .ifPresent(kib -> {
                        samples.computeIfAbsent(name, any -> new ArrayList<>()).add(kib);
                        lines.add(LocalTime.now(ZoneId.systemDefault()) + "," + name + "," + kib);
                    });
        } catch (IOException | java.io.UncheckedIOException e) {
            return; // it has just ended
        }
    }

    private static long median(List<Long> values) {
        List<Long> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    /** Medians of the four quarters of a process's life, in KiB. */
    private static List<Long> quarters(List<Long> values) {
        List<Long> medians = new ArrayList<>();
        for (int quarter = 0; quarter < 4; quarter++) {
            medians.add(median(values.subList(values.size() * quarter / 4, values.size() * (quarter + 1) / 4)));
        }
        return medians;
    }

    /** Tells of the medians by quarter, and returns those of the last: of the driver and of the largest executor. */
    Map<String, Long> lastQuarter(String what) {
        assertTrue(samples.size() >= 2, "no executor was seen: " + samples.keySet());
        Map<String, Long> last = new TreeMap<>();
        samples.forEach((process, values) -> {
            assertTrue(values.size() >= 20, what + ": " + process + " was too short");
            List<Long> kib = quarters(values);
            System.out.println(what + ": " + process + ", medians of " + values.size() + " samples by quarter: "
                    + kib.stream().map(value -> value / 1024 + " MiB").toList());
            last.merge(process.replaceAll(" .*", ""), kib.get(3), Math::max);
        });
        return last;
    }

    /**
     * Asserts that no process has grown by more than that share between its second quarter and its last.
     *
     * @param what was done, for messages
     */
    void assertSteady(String what, double share) {
        samples.forEach((process, values) -> {
            List<Long> kib = quarters(values);
            assertTrue(kib.get(3) <= (1 + share) * kib.get(1), () -> what + ": " + process + " grows: " + kib + " KiB");
        });
    }
}
