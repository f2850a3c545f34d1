// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.LocalStorage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Training runs whose processes are killed, stopped, or never get their executors. */
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainingFaultsIT {
    private static final String TWO_EXECUTORS = TrainingRuns.executors(2);
    private static final int STEPS = 16;
    private static final int KILLS = 20;
    /** Tells of steps while they are young: else several are told at a time, and the last when the run is over. */
    private static final String[] TELL_AT_ONCE = {"--conf", "spark.executor.heartbeatInterval=100ms"};

    private static TrainingRuns runs;

    @BeforeAll
    static void bucket() throws Exception {
        runs = TrainingRuns.begin("training-faults-it");
    }

    @Test
    void aSignalLetsTheRunBeSavedAndTheExitCodeTellsOfIt() throws Exception {
        Path run = runs.work().resolve("signal");
        Launcher.Ended ended = runs.train(
                TWO_EXECUTORS,
                run,
                100_000,
                (process, log) -> {
                    TrainingRuns.executorsAtStep(5, process, log);
                    process.destroy();
                },
                "--set",
                "ckpt_every=0");
        assertEquals(143, ended.code(), ended.output());
        assertTrue(ended.output().contains("sparkreel: Stopped on request. To resume from "), ended.output());
        CheckpointReader saved = CheckpointReader.newest(new LocalStorage(run), path -> true)
                .orElseThrow()
                .checkpoint();
        int step = new ObjectMapper()
                .readTree(saved.read("state.json"))
                .get("global_step")
                .asInt();
        assertTrue(step >= 5, ended.output());
        assertEquals(TrainingRuns.upTo(step), TrainingRuns.stepsTold(run));
    }

    @Test
    void executorsThatLoseTheirDriverEnd() throws Exception {
        List<ProcessHandle> executors = new ArrayList<>();
        runs.train(TWO_EXECUTORS, runs.work().resolve("lost"), 100_000, (process, log) -> {
            executors.addAll(TrainingRuns.executorsAtStep(2, process, log));
            process.destroyForcibly();
        });
        assertEquals(2, executors.size());
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (executors.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() - deadline < 0) {
            Thread.sleep(100);
        }
        List<ProcessHandle> left =
                executors.stream().filter(ProcessHandle::isAlive).toList();
        left.forEach(ProcessHandle::destroyForcibly);
        assertEquals(List.of(), left);
    }

    @Test
    @Tag("slow")
    void executorsThatNeverComeAreNotWaitedForForever() throws Exception {
        Path run = runs.work().resolve("none");
        long begin = System.nanoTime();
        // Of a kind that no worker has.
        Launcher.Ended ended = runs.train(
                "local-cluster[1,1,1536]",
                run,
                STEPS,
                Launcher.Incident.NONE,
                "--conf",
                "spark.executor.resource.fpga.amount=1",
                "--conf",
                "spark.task.resource.fpga.amount=1");
        assertEquals(2, ended.code(), ended.output());
        assertTrue(
                ended.output()
                        .lines()
                        .anyMatch(line -> line.startsWith(
                                        "sparkreel: Cannot start training: 0 of 1 " + "executors have registered")
                                && line.contains("spark.executor.memory")),
                ended.output());
        assertTrue(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(60), "it took too long");
        assertFalse(Files.exists(run));
    }

    /** A run that nothing happens to, to compare with. */
    private static Path unbroken() throws Exception {
        Path run = runs.work().resolve("unbroken");
        if (!Files.exists(run)) {
            Launcher.assertDone(runs.train(TWO_EXECUTORS, run, STEPS, Launcher.Incident.NONE));
        }
        return run;
    }

    private static void assertAsUnbroken(Path run) throws Exception {
        assertEquals(TrainingRuns.upTo(STEPS), TrainingRuns.stepsTold(run));
        assertEquals(TrainingRuns.checksums(unbroken(), STEPS), TrainingRuns.checksums(run, STEPS));
    }

    @Test
    @Tag("slow")
    @Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void executorsKilledAtAnyStepLoseNothing() throws Exception {
        Random random = new Random(7);
        int killed = 0;
        for (int attempt = 0; killed < KILLS; attempt++) {
            assertTrue(attempt < 2 * KILLS, "most runs were over before the kill");
            Path run = runs.work().resolve("killed" + attempt);
            int step = 1 + random.nextInt(STEPS - 1);
            int victim = random.nextInt(2);
            Launcher.Ended ended = runs.train(
                    TWO_EXECUTORS,
                    run,
                    STEPS,
                    (process, log) -> {
                        List<ProcessHandle> executors = TrainingRuns.executorsAtStep(step, process, log);
                        if (executors.size() > victim) {
                            executors.get(victim).destroyForcibly();
                        }
                    },
                    TELL_AT_ONCE);
            Launcher.assertDone(ended);
            assertAsUnbroken(run);
            if (ended.output().contains("Starting them again (1 of 3 restarts)")) {
                killed++; // else the ranks were done before it came to that
            }
        }
    }

    @Test
    @Tag("slow")
    void aRankThatStallsIsNamedAndReplaced() throws Exception {
        Path run = runs.work().resolve("stalled");
        List<ProcessHandle> stopped = new ArrayList<>();
        Launcher.Ended ended;
        try {
            ended = runs.train(
                    TWO_EXECUTORS,
                    run,
                    STEPS,
                    (process, log) -> {
                        ProcessHandle executor =
                                TrainingRuns.executorsAtStep(4, process, log).get(0);
                        assertEquals(
                                0,
                                new ProcessBuilder("kill", "-STOP", Long.toString(executor.pid()))
                                        .start()
                                        .waitFor());
                        stopped.add(executor);
                        long begin = System.nanoTime();
                        while (process.isAlive() && !Files.readString(log).contains("The ranks failed")) {
                            Thread.sleep(100);
                        }
                        // 30 s until it is named, and what the driver waits for ranks to end.
                        assertTrue(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(90), Files.readString(log));
                    },
                    TELL_AT_ONCE);
            Launcher.assertDone(ended);
            assertFalse(stopped.get(0).isAlive(), "nobody has ended what was stopped");
        } finally {
            stopped.forEach(ProcessHandle::destroyForcibly);
        }
        String restart = TrainingRuns.told(run, "restart").get(0).get("message").asText();
        assertTrue(
                Pattern.compile("rank [01] \\(.* has sent no heartbeat")
                        .matcher(restart)
                        .find(),
                restart);
        assertAsUnbroken(run);
    }

    @Test
    @Tag("slow")
    void whatARankThatHangsDoesIsTold() throws Exception {
        Path run = runs.work().resolve("hung");
        Path armed = Files.createFile(runs.work().resolve("armed"));
        Path classes = ClassesApart.copy(HungDisk.class, runs.work().resolve("hung-classes"));
        Launcher.Ended ended = runs.train(
                TWO_EXECUTORS,
                run,
                STEPS,
                Launcher.Incident.NONE,
                "--set",
                "stall_timeout_s=5",
                "--set",
                "decode_cache_mib=0",
                "--driver-class-path",
                classes.toString(),
                "--conf",
                "spark.executor.extraClassPath=" + classes,
                "--conf",
                "spark.hadoop.fs.file.impl=" + HungDisk.class.getName(),
                "--conf",
                "spark.hadoop." + HungDisk.ARMED + "=" + armed);
        Launcher.assertDone(ended);
        assertFalse(Files.exists(armed), "no rank has hung");
        List<JsonNode> stalled = TrainingRuns.told(run, "stalled");
        assertEquals(1, stalled.size(), ended.output());
        int rank = stalled.get(0).get("rank").asInt();
        String threads = stalled.get(0).get("message").asText();
        assertTrue(threads.startsWith("rank " + rank + " hangs, and the others have given it up."), threads);
        assertTrue(
                threads.contains("\"sparkreel-decoder-" + rank + "\" WAITING\n") && threads.contains("HungDisk.hang("),
                threads);
        assertTrue(ended.output().contains("HungDisk.hang("), ended.output());
        String restart = TrainingRuns.told(run, "restart").get(0).get("message").asText();
        assertTrue(
                restart.contains("rank " + rank + " (")
                        && restart.contains("shows no progress, though its process answers"),
                restart);
        assertAsUnbroken(run);
    }
}
