// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.Launcher;
import io.sparkreel.jobs.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * 200 prompts through the launcher, on executors in processes of their own, some of which are killed. The model has
 * learned nothing; what counts is that a clip comes out the same whoever generates it, and when.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class InferenceIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/inference-it");
    private static final Launcher LAUNCHER = new Launcher(ROOT, WORK);
    private static final int PROMPTS = 200;
    private static final int HALF = PROMPTS / 2;
    private static final int EXECUTORS = 2;
    private static final String TWO_EXECUTORS = "local-cluster[" + EXECUTORS + ",1,1536]";
    private static final String ONE_EXECUTOR = "local-cluster[1,1,1536]";
    /** The line that a clip leaves in the driver's log. */
    private static final Pattern CLIP_DONE = Pattern.compile("\\d+ of \\d+: (\\S+) in [0-9.]+ s");

    private static Path config;
    private static Path prompts;

    @BeforeAll
    static void prepare() throws IOException {
        LAUNCHER.begin();
        Path checkpoint = TinyCheckpoint.write(WORK.resolve("run"), 1);
        config = Files.writeString(
                WORK.resolve("inference.yaml"),
                Configs.PARTS + "num_frames: 3\nframe_interval: 3\n"
                        + "image_size: [32, 48]\nmodel: {from_pretrained: '" + checkpoint + "'}\n");
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < PROMPTS; i++) {
            lines.append("{\"prompt\": \"Prompt ")
                    .append(i)
                    .append("\", \"num_frames\": ")
                    .append(i % 4 + 1)
                    .append("}\n");
        }
        prompts = Files.writeString(WORK.resolve("prompts.jsonl"), lines);
    }

    private static Launcher.Ended infer(String master, String output, Launcher.Incident incident, String... more)
            throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--config",
                config.toString(),
                "--prompt-path",
                prompts.toString(),
                "--save-dir",
                WORK.resolve(output).toString()));
        arguments.addAll(List.of(more));
        return LAUNCHER.onCluster("inference", master, incident, arguments.toArray(String[]::new));
    }

    private static Map<String, byte[]> clips(String output) throws IOException {
        Map<String, byte[]> clips = new TreeMap<>();
        try (Stream<Path> files = Files.list(WORK.resolve(output))) {
            for (Path file : files.filter(path -> path.toString().matches(".*\\.(mp4|png)"))
                    .toList()) {
                clips.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return clips;
    }

    private static void assertSame(Map<String, byte[]> expected, Map<String, byte[]> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, bytes) -> assertEquals(-1, java.util.Arrays.mismatch(bytes, actual.get(name)), name));
    }

    private static Map<String, Long> times(String output) throws IOException {
        Map<String, Long> times = new HashMap<>();
        try (Stream<Path> files = Files.list(WORK.resolve(output))) {
            for (Path file : files.filter(path -> path.toString().matches(".*\\.(mp4|png)"))
                    .toList()) {
                times.put(
                        file.getFileName().toString(),
                        Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS));
            }
        }
        return times;
    }

    private static void assertAllOk(String output, int count) {
        List<Row> results = LocalSpark.session()
                .read()
                .parquet(WORK.resolve(output) + "/results")
                .collectAsList();
        assertEquals(count, results.size());
        results.forEach(row -> assertEquals("ok", row.getAs("status"), row.toString()));
    }

    private static List<String> done(String log) {
        List<String> names = new ArrayList<>();
        for (Matcher line = CLIP_DONE.matcher(log); line.find(); ) {
            names.add(line.group(1));
        }
        return names;
    }

    private static void await(Process process, Path log, int clips) throws Exception {
        while (process.isAlive() && done(Files.readString(log)).size() < clips) {
            Thread.sleep(20);
        }
        assertTrue(process.isAlive(), "the run ended before " + clips + " clips were done");
    }

    @Test
    @Order(1)
    void anUnbrokenRun() throws Exception {
        Launcher.Ended ended = infer(TWO_EXECUTORS, "unbroken", Launcher.Incident.NONE);
        Launcher.assertDone(ended);
        assertEquals(PROMPTS, clips("unbroken").size());
        assertAllOk("unbroken", PROMPTS);
        assertEquals(PROMPTS, new HashSet<>(done(ended.output())).size());
        assertTrue(ended.output().contains("Generating 200 of 200 clips"), ended.output());
        assertTrue(
                Pattern.compile("2 executors worked \\d+\\.\\d % of the time")
                        .matcher(ended.output())
                        .find(),
                ended.output());
    }

    @Test
    @Order(2)
    void oneExecutorMakesTheSameClipsAsTwo() throws Exception {
        Launcher.assertDone(infer(ONE_EXECUTOR, "one", Launcher.Incident.NONE, "--end-index", "40"));
        Map<String, byte[]> expected = clips("unbroken");
        expected.keySet()
                .removeIf(name -> Integer.parseInt(name.substring(name.indexOf('_') + 1, name.indexOf('.'))) >= 40);
        assertSame(expected, clips("one"));
    }

    @Test
    @Order(3)
    void aRunThatWasKilledIsGoneOnWithAndSurvivesTheLossOfAnExecutor() throws Exception {
        Launcher.Ended killed = infer(TWO_EXECUTORS, "killed", (process, log) -> {
            await(process, log, HALF);
            List<ProcessHandle> all = Stream.concat(Stream.of(process.toHandle()), process.descendants())
                    .toList();
            all.forEach(ProcessHandle::destroyForcibly);
            for (ProcessHandle each : all) {
                each.onExit().get(10, TimeUnit.SECONDS);
            }
        });
        assertTrue(killed.code() != 0);
        Map<String, Long> before = times("killed");
        assertTrue(before.size() >= HALF && before.size() < PROMPTS, before.size() + " clips");
        assertFalse(Files.exists(WORK.resolve("killed/results")));
        Set<String> atTheLoss = new HashSet<>();
        Launcher.Ended ended = infer(TWO_EXECUTORS, "killed", (process, log) -> {
            await(process, log, HALF / 2);
            assertTrue(Launcher.executors(process).get(0).destroyForcibly());
            atTheLoss.addAll(done(Files.readString(log)));
        });
        Launcher.assertDone(ended);
        Matcher said = Pattern.compile("Generating (\\d+) of 200 clips to .*; (\\d+) are there")
                .matcher(ended.output());
        assertTrue(said.find(), ended.output());
        assertEquals(PROMPTS - before.size(), Integer.parseInt(said.group(1)), said.group());
        List<String> made = done(ended.output());
        assertEquals(PROMPTS - before.size(), made.size());
        assertEquals(made.size(), new HashSet<>(made).size(), "no clip is made twice");
        assertTrue(made.containsAll(atTheLoss));
        Map<String, Long> after = times("killed");
        before.forEach((name, time) -> assertEquals(time, after.get(name), name + " was written again"));
        assertSame(clips("unbroken"), clips("killed"));
        assertAllOk("killed", PROMPTS);
        try (Stream<Path> left = Files.list(WORK.resolve("killed"))) {
            assertEquals(
                    List.of(),
                    left.map(path -> path.getFileName().toString())
                            .filter(name -> name.contains(".tmp") || name.contains("journal"))
                            .toList());
        }
    }

    @Test
    @Order(4)
    void aBatchThatSparkGivesUpFailsAloneAndIsMadeLater() throws Exception {
        // An executor may be killed between two batches, when it has none to lose: then once more.
        List<Row> failed = List.of();
        String output = null;
        for (int attempt = 0; failed.isEmpty() && attempt < 3; attempt++) {
            output = "given-up-" + attempt;
            Launcher.assertDone(infer(
                    TWO_EXECUTORS,
                    output,
                    (process, log) -> {
                        await(process, log, 5);
                        assertTrue(Launcher.executors(process).get(0).destroyForcibly());
                    },
                    "--end-index",
                    "20",
                    "--num-sampling-steps",
                    "100",
                    "--conf",
                    "spark.task.maxFailures=1"));
            failed = LocalSpark.session()
                    .read()
                    .parquet(WORK.resolve(output) + "/results")
                    .where("status = 'failed'")
                    .collectAsList();
        }
        assertEquals(1, failed.size());
        assertTrue(failed.get(0).<String>getAs("error").contains("ExecutorLostFailure"), failed.toString());
        // The clip itself may have been in place when its executor was killed.
        assertTrue(clips(output).size() >= 19, clips(output).keySet().toString());
    }
}
