// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Starts the launchers under {@code submit} as a user does, each in a process of its own with a time limit.
 *
 * @param root the project's folder
 * @param work folder for what the runs leave, logs included
 * @param environment variables beside those of this process
 */
public record Launcher(Path root, Path work, Map<String, String> environment) {
    private static final String SHORT_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
    /** Spark's classes as the first launch left them: loading and verifying them is a third of a short job's time. */
    private static final String ARCHIVE = "target/spark-classes.jsa";

    private static final int LIMIT_S = 180;

    public Launcher(Path root, Path work) {
        this(root, work, Map.of());
    }

    /** What a launcher left: its exit code, and what it wrote. */
    public record Ended(int code, String output) {}

    /** Something that happens to a launcher's processes while they run. */
    public interface Incident {
        Incident NONE = (process, log) -> {};

        void happen(Process process, Path log) throws Exception;
    }

    /** Makes the folder {@link #work} anew. */
    public void begin() throws IOException {
        if (Files.exists(work)) {
            Files.walkFileTree(work, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path folder, IOException failure) throws IOException {
                    Files.delete(folder);
                    return FileVisitResult.CONTINUE;
                }
            });
        }
        Files.createDirectories(work);
    }

    public Ended launch(String launcher, List<String> arguments) throws Exception {
        return launch(launcher, arguments, Incident.NONE);
    }

    public Ended launch(String launcher, List<String> arguments, Incident incident) throws Exception {
        return launch(launcher, arguments, Map.of(), incident, LIMIT_S);
    }

    public Ended launch(String launcher, List<String> arguments, Incident incident, int limitSeconds) throws Exception {
        return launch(launcher, arguments, Map.of(), incident, limitSeconds);
    }

    /** @param environment variables beside this process's own, or in their place */
    public Ended launch(
            String launcher,
            List<String> arguments,
            Map<String, String> environment,
            Incident incident,
            int limitSeconds)
            throws Exception {
        List<String> command =
                new ArrayList<>(List.of(root.resolve("submit/" + launcher).toString()));
        command.addAll(arguments);
        Path log = Files.createTempFile(work, launcher, ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(this.environment);
        builder.environment().putAll(environment);
        Process process = builder.start();
        incident.happen(process, log);
        if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new AssertionError(launcher + " did not end in time:\n" + Files.readString(log));
        }
        return new Ended(process.exitValue(), Files.readString(log));
    }

    /** Runs a job with JVMs that start fast, on a master such as {@code local-cluster[2,1,1536]}. */
    public Ended onCluster(String launcher, String master, String... arguments) throws Exception {
        return onCluster(launcher, master, Incident.NONE, arguments);
    }

    public Ended onCluster(String launcher, String master, Incident incident, String... arguments) throws Exception {
        return onCluster(launcher, master, Map.of(), incident, arguments);
    }

    public Ended onCluster(
            String launcher, String master, Map<String, String> environment, Incident incident, String... arguments)
            throws Exception {
        Path archive = root.resolve(ARCHIVE);
        boolean first = incident == Incident.NONE && !Files.exists(archive);
        String shared = SHORT_JVM + " -XX:SharedArchiveFile=" + archive + " -Xlog:cds=off -Xlog:cds+dynamic=off";
        List<String> all = new ArrayList<>(List.of(
                "--master",
                master,
                "--executor-memory",
                "1536m",
                "--conf",
                "spark.ui.enabled=false",
                "--driver-java-options",
                first ? SHORT_JVM + " -XX:ArchiveClassesAtExit=" + archive : shared,
                "--conf",
                "spark.executor.extraJavaOptions=" + (first ? SHORT_JVM : shared)));
        all.addAll(List.of(arguments));
        return launch(launcher, all, environment, incident, LIMIT_S);
    }

    /** The executors of a job on a {@code local-cluster}, but none of the processes that they start themselves. */
    public static List<ProcessHandle> executors(Process process) {
        // What an executor starts bears its command line until it has become the other program.
        return process.descendants()
                .filter(Launcher::isExecutor)
                .filter(child -> child.parent().filter(Launcher::isExecutor).isEmpty())
                .toList();
    }

    private static boolean isExecutor(ProcessHandle process) {
        return process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend");
    }

    public static void assertDone(Ended ended) {
        assertEquals(0, ended.code(), ended.output());
    }

    /** Asserts that a mistake of the user's ended with one line that tells it, and exit code 2. */
    public static void assertMistake(String message, Ended ended) {
        assertEquals(2, ended.code(), ended.output());
        assertEquals(1, ended.output().lines().count(), ended.output());
        assertTrue(
                ended.output().startsWith("sparkreel: Cannot ")
                        && ended.output().contains(message),
                ended.output());
    }
}
