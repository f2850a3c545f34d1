// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Option;

/** {@code submit/bench --help} names every benchmark and every option, and nothing else. */
class BenchHelpTest {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));

    private static String help() throws IOException {
        return Files.readString(ROOT.resolve("submit/lib/help/bench.txt"));
    }

    @Test
    void namesEveryOption() throws IOException {
        Set<String> options = new TreeSet<>();
        for (JavaClass type :
                new ClassFileImporter().importPackages("io.sparkreel.model.bench", "io.sparkreel.jobs.bench")) {
            type.getFields().stream()
                    .flatMap(field -> field.tryGetAnnotationOfType(Option.class).stream())
                    .forEach(option -> options.addAll(List.of(option.names())));
        }
        assertTrue(options.size() > 25, options::toString);
        Set<String> told = new TreeSet<>();
        Matcher option = Pattern.compile("--[a-z][a-z-]*").matcher(help());
        while (option.find()) {
            told.add(option.group());
        }
        told.removeAll(Set.of("--master", "--driver-memory")); // of spark-submit
        assertEquals(options, told);
    }

    @Test
    void namesEveryBenchmark() throws IOException {
        String launcher = Files.readString(ROOT.resolve("submit/bench"));
        Matcher branch = Pattern.compile("(?m)^  ([a-z-]+)\\)").matcher(launcher);
        Set<String> benchmarks = new TreeSet<>();
        while (branch.find()) {
            benchmarks.add(branch.group(1));
        }
        assertEquals(11, benchmarks.size(), benchmarks::toString);
        for (String benchmark : benchmarks) {
            assertTrue(help().contains("\n  " + benchmark + " "), benchmark);
        }
    }
}
