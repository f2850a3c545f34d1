// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.bench.RankProcesses;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Option;

/** {@code submit/bench --help} names every benchmark and every option, and nothing else. */
class BenchHelpTest {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));

    private static String help() throws IOException {
        return Files.readString(ROOT.resolve("submit/lib/help/bench.txt"));
    }

    @Test
    void namesEveryOption() throws Exception {
        Set<String> options = new TreeSet<>();
        for (Class<?> beside : List.of(RankProcesses.class, ProbeBenchmark.class)) {
            for (Class<?> type : classesBeside(beside)) {
                for (Field field : type.getDeclaredFields()) {
                    if (field.isAnnotationPresent(Option.class)) {
                        options.addAll(List.of(field.getAnnotation(Option.class).names()));
                    }
                }
            }
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
        assertEquals(10, benchmarks.size(), benchmarks::toString);
        for (String benchmark : benchmarks) {
            assertTrue(help().contains("\n  " + benchmark + " "), benchmark);
        }
    }

    private static List<Class<?>> classesBeside(Class<?> type) throws IOException, URISyntaxException {
        Path classes =
                Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path folder = classes.resolve(type.getPackageName().replace('.', File.separatorChar));
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class"))
                    .<Class<?>>map(name -> load(type.getPackageName() + "." + name.substring(0, name.length() - 6)))
                    .toList();
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, BenchHelpTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
