// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.Launcher;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The doctor as a user starts it: on a machine where all is well, and with faults that are planted. */
class DoctorIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/doctor-it");
    private static final Launcher LAUNCHER = new Launcher(ROOT, WORK);

    @BeforeAll
    static void clean() throws IOException {
        LAUNCHER.begin();
    }

    private static void assertFails(String subject, String text, Launcher.Ended ended) {
        assertEquals(1, ended.code(), ended.output());
        assertTrue(
                ended.output()
                        .lines()
                        .anyMatch(line -> line.matches("FAIL +\\Q" + subject + "\\E  .*") && line.contains(text)),
                subject + " should fail with '" + text + "' in\n" + ended.output());
    }

    @Test
    void allIsWell() throws Exception {
        Path folder = WORK.resolve("new/folder");
        Launcher.Ended ended = LAUNCHER.onCluster(
                "doctor", "local-cluster[2,1,1536]", "--path", folder.toString(), "--min-free-gib", "0.1");
        Launcher.assertDone(ended);
        assertTrue(ended.output().endsWith("all is well\n"), ended.output());
        for (String subject : List.of(
                "jdk",
                "spark",
                "barrier settings",
                "gpu settings",
                "ports",
                "disk",
                "path",
                "libtorch",
                "ffmpeg",
                "tokenizer",
                "slots",
                "barrier",
                "gpus",
                "libtorch (ranks)",
                "ffmpeg (ranks)",
                "tokenizer (ranks)",
                "device (ranks)",
                "disk (ranks)",
                "path (ranks)",
                "clocks")) {
            assertTrue(
                    ended.output().lines().anyMatch(line -> line.matches("ok +\\Q" + subject + "\\E  .*")),
                    subject + " in\n" + ended.output());
        }
        assertFalse(Files.exists(folder), "the check leaves nothing behind");
    }

    /** Seven faults at once, each of which is named. */
    @Test
    void faultsOfSettingsStorageAndLibraries() throws Exception {
        Launcher.Ended fetched = LAUNCHER.launch("fetch-s3a", List.of());
        Launcher.assertDone(fetched);
        String s3a = fetched.output().lines().reduce((first, last) -> last).orElseThrow();
        Path torch = Files.createDirectories(WORK.resolve("torch/lib"));
        Files.writeString(torch.resolveSibling("version.py"), "__version__ = '2.6.0+cu124'\n");
        Path file = Files.writeString(WORK.resolve("file"), "");
        Map<String, String> environment = new HashMap<>(ObjectStore.environment());
        environment.put("PYTORCH_LIBRARY_PATH", torch.toString());
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Launcher.Ended ended = new Launcher(ROOT, WORK, environment)
                    .onCluster(
                            "doctor",
                            "local-cluster[1,1,1536]",
                            "--jars",
                            s3a,
                            "--properties-file",
                            ROOT + "/conf/spark/s3a.conf",
                            "--conf",
                            "spark.hadoop.fs.s3a.endpoint=http://127.0.0.1:1",
                            "--conf",
                            "spark.hadoop.fs.s3a.endpoint.region=us-east-1",
                            "--conf",
                            "spark.hadoop.fs.s3a.path.style.access=true",
                            "--conf",
                            "spark.dynamicAllocation.enabled=true",
                            "--conf",
                            "spark.driver.port=" + taken.getLocalPort(),
                            "--path",
                            "s3a://bucket/folder",
                            "--path",
                            file + "/folder",
                            "--min-free-gib",
                            "900000",
                            "--device",
                            "cuda");
            assertFails("barrier settings", "spark.dynamicAllocation.enabled is true", ended);
            assertFails("gpu settings", "--device cuda, but Spark is not asked for GPUs", ended);
            assertFails("ports", "spark.driver.port " + taken.getLocalPort(), ended);
            assertFails("disk", "less than 900000.0", ended);
            assertFails("path", "Check spark.hadoop.fs.s3a.endpoint", ended);
            assertFails("path", "Name a folder in which this user may write", ended);
            assertFails("libtorch", "PYTORCH_LIBRARY_PATH holds libtorch 2.6.0+cu124", ended);
        }
    }

    @Test
    void tooFewSlotsAndNoGpu() throws Exception {
        Launcher.Ended ended = LAUNCHER.onCluster(
                "doctor",
                "local-cluster[1,1,1536]",
                "--ranks",
                "3",
                "--wait",
                "30",
                "--min-free-gib",
                "0.1",
                "--device",
                "cuda");
        assertFails("slots", "1 executors registered, 3 are asked for", ended);
        assertFails("device (ranks)", "Cannot compute on a GPU: Spark gave this task none", ended);
    }

    /** In a copy of the project, one of whose native jars has gone. */
    @Test
    void aMissingNative() throws Exception {
        Path copy = Files.createDirectories(WORK.resolve("copy"));
        copy(ROOT.resolve("submit"), copy.resolve("submit"));
        Files.copy(ROOT.resolve("pom.xml"), copy.resolve("pom.xml"));
        Files.createSymbolicLink(copy.resolve("conf"), ROOT.resolve("conf"));
        Files.createDirectories(copy.resolve("target"));
        Files.createSymbolicLink(copy.resolve("target/spark"), ROOT.resolve("target/spark"));
        Path target = Files.createDirectories(copy.resolve("spark-jobs/target/natives"))
                .getParent();
        Files.createSymbolicLink(target.resolve("sparkreel.jar"), ROOT.resolve("spark-jobs/target/sparkreel.jar"));
        try (Stream<Path> natives = Files.list(ROOT.resolve("spark-jobs/target/natives"))) {
            for (Path jar : natives.filter(
                            file -> !file.getFileName().toString().matches("ffmpeg.*linux.*"))
                    .toList()) {
                Files.createSymbolicLink(target.resolve("natives").resolve(jar.getFileName()), jar);
            }
        }
        assertFails(
                "ffmpeg",
                "name all jars of spark-jobs/target/natives with --jars",
                new Launcher(copy, WORK).onCluster("doctor", "local-cluster[1,1,1536]"));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path target = to.resolve(from.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    @Test
    void aWrongJdk() throws Exception {
        Path java = WORK.resolve("jdk/bin/java");
        Files.createDirectories(java.getParent());
        Files.writeString(java, "#!/bin/bash\necho 'openjdk version \"11.0.20\" 2023-07-18' >&2\n");
        assertTrue(java.toFile().setExecutable(true));
        Launcher wrong =
                new Launcher(ROOT, WORK, Map.of("JAVA_HOME", WORK.resolve("jdk").toString()));
        assertFails("jdk", "11.0.20", wrong.launch("doctor", List.of()));
        assertFails("jdk", "Point JAVA_HOME at a JDK 17", wrong.launch("doctor", List.of()));
    }

    @Test
    void anUnknownOption() throws Exception {
        Launcher.assertMistake("unknown option '--pth'", LAUNCHER.onCluster("doctor", "local[1]", "--pth", "x"));
    }
}
