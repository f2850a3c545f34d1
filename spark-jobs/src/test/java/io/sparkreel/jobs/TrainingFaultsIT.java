// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.LocalStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Training runs whose processes are killed, stopped, or never get their executors. */
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainingFaultsIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/training-faults-it");
    private static final Path DATA = WORK.resolve("data");
    private static final Launcher LAUNCHER = new Launcher(ROOT, WORK);
    private static final String TWO_EXECUTORS = "local-cluster[2,1,1536]";
    private static final int STEPS = 16;
    private static final int KILLS = 20;

    @BeforeAll
    static void bucket() throws Exception {
        LAUNCHER.begin();
        Launcher.assertDone(LAUNCHER.onCluster("bucketing", "local[2]", "--config",
                ROOT + "/conf/quickstart/bucketing.yaml", "--input", ROOT + "/conf/quickstart/clips",
                "--output", DATA.toString()));
    }

    private static Launcher.Ended train(String master, Path run, int steps, Launcher.Incident incident, String... more)
            throws Exception {
        List<String> arguments = new ArrayList<>(List.of("--config", ROOT + "/conf/quickstart/train.yaml",
                "--data-path", DATA.toString(), "--outputs", run.toString(), "--set", "max_steps=" + steps,
                "--set", "log_every=1", "--set", "ckpt_every=3", "--set", "model.hidden_size=96", "--set", "model.depth=2"));
        arguments.addAll(List.of(more));
        return LAUNCHER.onCluster("train", master, incident, arguments.toArray(String[]::new));
    }

    /** Waits until the run has said that a step is done; returns its executors. */
    private static List<ProcessHandle> executorsAtStep(int step, Process process, Path log) throws Exception {
        Pattern line = Pattern.compile("step " + step + "/");
        while (process.isAlive() && !line.matcher(Files.readString(log)).find()) {
            Thread.sleep(20);
        }
        return process.descendants()
                .filter(child -> child.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend")).toList();
    }

    private static List<Integer> stepsTold(Path run) throws IOException {
        List<Integer> steps = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve("log.jsonl"))) {
            JsonNode node = new ObjectMapper().readTree(line);
            if (node.path("event").asText().equals("step")) {
                steps.add(node.get("step").asInt());
            }
        }
        return steps;
    }

    private static List<Integer> upTo(int last) {
        return IntStream.rangeClosed(1, last).boxed().toList();
    }

    @Test
    void aSignalLetsTheRunBeSavedAndTheExitCodeTellsOfIt() throws Exception {
        Path run = WORK.resolve("signal");
        Launcher.Ended ended = train(TWO_EXECUTORS, run, 100_000, (process, log) -> {
            executorsAtStep(5, process, log);
            process.destroy();
        }, "--set", "ckpt_every=0");
        assertEquals(143, ended.code(), ended.output());
        assertTrue(ended.output().contains("sparkreel: Stopped as told. To go on from "), ended.output());
        CheckpointReader saved = CheckpointReader.newest(new LocalStorage(run)).orElseThrow().checkpoint();
        int step = new ObjectMapper().readTree(saved.read("state.json")).get("global_step").asInt();
        assertTrue(step >= 5, ended.output());
        assertEquals(upTo(step), stepsTold(run));
    }

    @Test
    void executorsThatLoseTheirDriverEnd() throws Exception {
        List<ProcessHandle> executors = new ArrayList<>();
        train(TWO_EXECUTORS, WORK.resolve("lost"), 100_000, (process, log) -> {
            executors.addAll(executorsAtStep(2, process, log));
            process.destroyForcibly();
        });
        assertEquals(2, executors.size());
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (executors.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() - deadline < 0) {
            Thread.sleep(100);
        }
        List<ProcessHandle> left = executors.stream().filter(ProcessHandle::isAlive).toList();
        left.forEach(ProcessHandle::destroyForcibly);
        assertEquals(List.of(), left);
    }

    @Test
    void executorsThatNeverComeAreNotWaitedForForever() throws Exception {
        Path run = WORK.resolve("none");
        long begin = System.nanoTime();
        // Of a kind that no worker has.
        Launcher.Ended ended = train("local-cluster[1,1,1536]", run, STEPS, Launcher.Incident.NONE,
                "--conf", "spark.executor.resource.fpga.amount=1", "--conf", "spark.task.resource.fpga.amount=1");
        assertEquals(2, ended.code(), ended.output());
        assertTrue(ended.output().lines().anyMatch(line -> line.startsWith("sparkreel: Cannot start training: 0 of 1 "
                + "executors have registered") && line.contains("spark.executor.memory")), ended.output());
        assertTrue(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(60), "it took too long");
        assertFalse(Files.exists(run));
    }

    /** A run that nothing happens to, to compare with. */
    private static Path unbroken() throws Exception {
        Path run = WORK.resolve("unbroken");
        if (!Files.exists(run)) {
            Launcher.assertDone(train(TWO_EXECUTORS, run, STEPS, Launcher.Incident.NONE));
        }
        return run;
    }

    private static void assertAsUnbroken(Path run) throws Exception {
        assertEquals(upTo(STEPS), stepsTold(run));
        for (String file : List.of("model/model.safetensors", "ema/model.safetensors")) {
            assertEquals(-1, Files.mismatch(last(unbroken()).resolve(file), last(run).resolve(file)), file);
        }
    }

    private static Path last(Path run) throws IOException {
        try (Stream<Path> folders = Files.list(run)) {
            return folders.filter(folder -> folder.toString().endsWith("global_step" + STEPS)).findFirst().orElseThrow();
        }
    }

    @Test
    @Tag("slow")
    void executorsKilledAtAnyStepLoseNothing() throws Exception {
        Random random = new Random(7);
        for (int kill = 0; kill < KILLS; kill++) {
            Path run = WORK.resolve("killed" + kill);
            int step = 1 + random.nextInt(STEPS - 1);
            int victim = random.nextInt(2);
            Launcher.Ended ended = train(TWO_EXECUTORS, run, STEPS, (process, log) -> {
                List<ProcessHandle> executors = executorsAtStep(step, process, log);
                if (executors.size() > victim) {
                    executors.get(victim).destroyForcibly();
                }
            });
            Launcher.assertDone(ended);
            assertAsUnbroken(run);
        }
    }

    @Test
    @Tag("slow")
    void aRankThatStallsIsNamedAndReplaced() throws Exception {
        Path run = WORK.resolve("stalled");
        Launcher.Ended ended = train(TWO_EXECUTORS, run, STEPS, (process, log) -> {
            ProcessHandle executor = executorsAtStep(4, process, log).get(0);
            assertEquals(0, new ProcessBuilder("kill", "-STOP", Long.toString(executor.pid())).start().waitFor());
            long begin = System.nanoTime();
            while (process.isAlive() && !Files.readString(log).contains("The ranks failed")) {
                Thread.sleep(100);
            }
            // 30 s until it is named, and what the driver waits for ranks to end.
            assertTrue(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(90), Files.readString(log));
            executor.destroyForcibly();
        });
        Launcher.assertDone(ended);
        assertTrue(ended.output().contains("has sent no heartbeat"), ended.output());
        assertAsUnbroken(run);
    }
}
