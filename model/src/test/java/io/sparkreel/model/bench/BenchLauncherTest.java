// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code submit/bench}, in a copy of the project under a hostile name, over a java that records its arguments. */
class BenchLauncherTest {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));

    @TempDir
    private Path folder;

    private Path project;

    private record Outcome(int code, String out, String err) {}

    @BeforeEach
    void copyProject() throws IOException {
        project = Files.createDirectories(folder.resolve("it's a $(touch x) \"project\""));
        try (Stream<Path> paths = Files.walk(ROOT.resolve("submit"))) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Path target = project.resolve(ROOT.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(path, target, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
        for (String file : List.of(
                "pom.xml",
                "model/pom.xml",
                "model/src/main/A.java",
                "model/target/sparkreel-model-1.jar",
                "model/target/runtime/.resolved-for")) {
            Files.createDirectories(project.resolve(file).getParent());
            Files.writeString(project.resolve(file), "");
        }
        Path java = Files.createDirectories(folder.resolve("jdk/bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\nprintf '%s\\0' \"$@\"\nprintf '%s' \"$OMP_WAIT_POLICY\" >&2\nexit 7\n");
        assertTrue(java.toFile().setExecutable(true));
    }

    private Outcome run(String... words) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(project.resolve("submit/bench").toString()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("JAVA_HOME", folder.resolve("jdk").toString());
        builder.environment().remove("OMP_WAIT_POLICY");
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        Process process =
                builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        process.getOutputStream().close();
        return new Outcome(process.waitFor(), Files.readString(out), Files.readString(err, StandardCharsets.UTF_8));
    }

    @Test
    void startsTheClassOnTheModuleAndItsRuntime() throws IOException, InterruptedException {
        Outcome outcome = run("step", "--hidden", "4 8", "--checkpoint");
        List<String> words = Arrays.asList(outcome.out().split("\0"));
        int at = words.indexOf("-cp");
        assertEquals(
                List.of(
                        "-cp",
                        project + "/model/target/sparkreel-model-1.jar:" + project + "/model/target/runtime/*",
                        "io.sparkreel.model.bench.StepBenchmark",
                        "--hidden",
                        "4 8",
                        "--checkpoint"),
                words.subList(at, words.size()));
        assertEquals("PASSIVE", outcome.err());
        assertEquals(7, outcome.code());
        assertTrue(Files.notExists(Path.of("x")) && Files.notExists(project.resolve("x")));
    }

    @Test
    void startsEachBenchmark() throws IOException, InterruptedException {
        Outcome outcome = run("allreduce", "--ranks", "2");
        assertTrue(
                outcome.out().endsWith("io.sparkreel.model.bench.AllReduceBenchmark\0--ranks\0" + "2\0"),
                outcome.out());
    }

    @Test
    void explainsItselfAndRefusesOtherBenchmarks() throws IOException, InterruptedException {
        Outcome help = run("--help");
        assertEquals(0, help.code());
        assertTrue(help.out().startsWith("Usage: submit/bench BENCHMARK"), help.out());
        assertEquals(2, run().code());
        Outcome other = run("ring");
        assertEquals(2, other.code());
        assertEquals(
                "sparkreel: Cannot measure 'ring': there is no such benchmark. See submit/bench --help.\n",
                other.err());
    }
}
