// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What a benchmark found, with the machine, the command and the date, without which its numbers mean little. Its text is
 * one line of JSON.
 */
public final class Report {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    private final Map<String, Object> values = new LinkedHashMap<>();

    /** @param benchmark its name */
    public Report(String benchmark) {
        put("benchmark", benchmark);
        put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        put("command", command());
        put("machine", machine());
    }

    /** As the launcher says it; else the class that runs, and its words. */
    private static String command() {
        String launched = System.getenv("SPARKREEL_COMMAND");
        return launched == null ? System.getProperty("sun.java.command", "") : launched;
    }

    private static Map<String, Object> machine() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        Map<String, Object> machine = new LinkedHashMap<>();
        machine.put("processor", processor());
        machine.put("cores", Runtime.getRuntime().availableProcessors());
        machine.put("memory_gib", system.getTotalMemorySize() >> 30);
        machine.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        machine.put("java", Runtime.version().toString());
        machine.put("load_before", Math.round(100 * system.getSystemLoadAverage()) / 100.0);
        return machine;
    }

    private static String processor() {
        try (var lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException unreadable) {
            return System.getProperty("os.arch");
        }
    }

    /** Adds or replaces a value, of a type that Jackson can write. */
    public Report put(String name, Object value) {
        values.put(name, value);
        return this;
    }

    /** Adds the options of a benchmark by their names, with underscores for dashes. */
    public Report settings(Object options) {
        for (OptionSpec option : CommandSpec.forAnnotatedObject(options).options()) {
            Object value = option.getValue();
            put(
                    option.longestName().substring(2).replace('-', '_'),
                    value instanceof Enum<?> constant ? constant.name().toLowerCase(Locale.ROOT) : value);
        }
        return this;
    }

    /** The value of that name, or null. */
    public Object get(String name) {
        return values.get(name);
    }

    @Override
    public String toString() {
        try {
            return JSON.writeValueAsString(values);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("A value of the report cannot be written as JSON.", e);
        }
    }
}
