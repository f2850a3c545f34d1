// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.storage.Tables;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The application of {@code docs/library.md}, compiled and run against the artifact that is not shaded. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LibraryIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/library-it");
    private static final Launcher LAUNCHER = new Launcher(ROOT, WORK);
    private static final Path CLASSES = WORK.resolve("classes");
    private static final Pattern PROGRAM = Pattern.compile("(?s)```java\n(.*?)```");

    private record Ended(int code, String output) {}

    @BeforeAll
    static void compile() throws IOException {
        LAUNCHER.begin();
        Files.createDirectories(CLASSES);
        Matcher program = PROGRAM.matcher(Files.readString(ROOT.resolve("docs/library.md")));
        assertTrue(program.find());
        Path source = Files.writeString(WORK.resolve("Example.java"), program.group(1));
        int code = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-Xlint:all,-path",
                        "-Werror",
                        "-proc:none",
                        "-cp",
                        classPath(),
                        "-d",
                        CLASSES.toString(),
                        source.toString());
        assertEquals(0, code, "the application of docs/library.md does not compile");
    }

    /** The artifact in place of the classes that it was made of, and what it depends on. */
    private static String classPath() throws IOException {
        List<String> path = new ArrayList<>();
        try (Stream<Path> jars = Files.list(ROOT.resolve("spark-jobs/target"))) {
            path.add(jars.map(Path::toString)
                    .filter(name -> name.matches(".*/sparkreel-spark-jobs-[0-9.]+\\.jar"))
                    .collect(Collectors.collectingAndThen(Collectors.toList(), found -> {
                        assertEquals(1, found.size(), found::toString);
                        return found.get(0);
                    })));
        }
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.matches(".*/spark-jobs/target/.*")) {
                path.add(entry);
            }
        }
        path.add(CLASSES.toString());
        return String.join(File.pathSeparator, path);
    }

    /** Runs the application in a process of its own, with settings of Spark as system properties. */
    private static Ended run(Path work, List<String> settings) throws Exception {
        Files.createDirectories(work);
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "-Xmx1g"));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-"))
                .toList());
        settings.forEach(setting -> command.add("-D" + setting));
        command.addAll(List.of("-cp", classPath(), "Example"));
        command.add(ROOT.resolve("conf/quickstart").toString());
        command.add(ROOT.resolve("conf/quickstart/clips").toString());
        command.add(work.toString());
        Path output = work.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        // As local-cluster wants them; the launchers have put Spark there.
        builder.environment().put("SPARK_HOME", ROOT.resolve("target/spark").toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.13");
        Process process = builder.start();
        try {
            assertTrue(process.waitFor(280, TimeUnit.SECONDS), "the application did not end");
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        return new Ended(process.exitValue(), Files.readString(output));
    }

    private static void assertRefused(String expected, Ended ended) {
        assertEquals(1, ended.code(), ended.output());
        assertTrue(
                ended.output().contains("io.sparkreel.jobs.error.UserError: Cannot ")
                        && ended.output().contains(expected),
                ended.output());
    }

    @Test
    void theApplicationBucketsTrainsAndSamples() throws Exception {
        Path work = WORK.resolve("whole");
        Ended ended = run(work, List.of("spark.master=local[2]", "spark.ui.enabled=false"));
        assertEquals(0, ended.code(), ended.output());
        assertTrue(ended.output().contains("4 steps, "), ended.output());
        var shards = Tables.reader(LocalSpark.session())
                .parquet(work.resolve("buckets/shards").toString());
        assertTrue(ended.output().contains(shards.count() + " clips are in buckets"), ended.output());
        assertTrue(shards.where("caption like '%dog%'").count() > 0, "captions lie beside the files");
        List<Row> results = Tables.reader(LocalSpark.session())
                .parquet(work.resolve("videos/results").toString())
                .orderBy("prompt_id")
                .collectAsList();
        assertEquals(
                List.of("a dog on a floor", "a train in a city"),
                results.stream().map(row -> row.<String>getAs("prompt")).toList());
        for (Row result : results) {
            assertTrue(Files.size(work.resolve("videos")
                            .resolve(Path.of(URI.create(result.getAs("uri"))).getFileName()))
                    > 1000);
        }
    }

    @Test
    void aSessionThatCannotTrainIsRefusedWithTheSetting() throws Exception {
        assertRefused(
                "Set spark.dynamicAllocation.enabled=false",
                run(
                        WORK.resolve("dynamic"),
                        List.of(
                                "spark.master=local[2]",
                                "spark.ui.enabled=false",
                                "spark.dynamicAllocation.enabled=true")));
        assertRefused(
                "Set spark.serializer=org.apache.spark.serializer.JavaSerializer",
                run(
                        WORK.resolve("kryo"),
                        List.of(
                                "spark.master=local[2]",
                                "spark.ui.enabled=false",
                                "spark.serializer=org.apache.spark.serializer.KryoSerializer")));
        // Any launcher puts Spark where executors of local-cluster find it.
        assertEquals(
                2, LAUNCHER.launch("bucketing", List.of("--config", "nowhere")).code());
        assertRefused(
                "Set spark.task.cpus to the cores of an executor",
                run(
                        WORK.resolve("slots"),
                        List.of(
                                "spark.master=local-cluster[1,2,1024]",
                                "spark.executor.memory=1g",
                                "spark.ui.enabled=false",
                                "spark.executor.extraClassPath=" + classPath())));
    }
}
