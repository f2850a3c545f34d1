// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.Launcher;
import io.sparkreel.jobs.TrainingRuns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two ranks on machines of their own, as far as the network tells, one of which loses its cable for some time. */
@Tag("slow")
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NetworkCutIT {
    private static final int STEPS = 300;
    private static final int CUT_FROM = 60;
    private static final Pattern STEP = Pattern.compile("step (\\d+)/" + STEPS);

    private static CutNetwork network;
    private static StandaloneCluster cluster;
    private static TrainingRuns runs;

    @BeforeAll
    static void connect() throws Exception {
        Assumptions.assumeTrue(CutNetwork.isPossible(), "no network namespaces here");
        network = new CutNetwork();
        runs = TrainingRuns.begin("network-cut-it", Map.of("SPARK_LOCAL_IP", network.host()));
        cluster = new StandaloneCluster(runs.work(), network.host());
        for (int i = 0; i < 2; i++) {
            int machine = network.add();
            cluster.addWorker(network.on(machine), network.address(machine), "2g");
        }
    }

    @AfterAll
    static void disconnect() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
        if (network != null) {
            network.close();
        }
    }

    private static Launcher.Ended train(Path run, Launcher.Incident incident) throws Exception {
        return runs.train(
                cluster.master(),
                run,
                STEPS,
                incident,
                "--set",
                "transport=tcp", // they have memory in common
                "--set",
                "ckpt_every=20",
                "--conf",
                "spark.driver.host=" + network.host(),
                "--conf",
                "spark.executor.instances=2",
                "--conf",
                "spark.executor.cores=1",
                "--conf",
                "spark.cores.max=2");
    }

    private static int lastStep(Path log) throws Exception {
        Matcher step = STEP.matcher(Files.readString(log));
        int last = 0;
        while (step.find()) {
            last = Integer.parseInt(step.group(1));
        }
        return last;
    }

    /** Pulls the cable of a worker in the middle of a run; no step is taken meanwhile. */
    private static Launcher.Ended trainCut(Path run, long seconds) throws Exception {
        return train(run, (process, log) -> {
            while (process.isAlive() && lastStep(log) < CUT_FROM) {
                Thread.sleep(50);
            }
            network.cut(1, seconds);
            int last = lastStep(log);
            assertTrue(last < STEPS, "the run was over before the cut");
            System.out.println("After " + seconds + " s without a network: step " + last);
        });
    }

    /** A run that nothing happens to, to compare with. */
    private static Path unbroken() throws Exception {
        Path run = runs.work().resolve("unbroken");
        if (!Files.exists(run)) {
            Launcher.Ended ended = train(run, Launcher.Incident.NONE);
            Launcher.assertDone(ended);
            assertTrue(ended.output().contains("2 ranks"), ended.output());
        }
        return run;
    }

    private static void assertAsUnbroken(Path run) throws Exception {
        assertEquals(TrainingRuns.upTo(STEPS), TrainingRuns.stepsTold(run));
        assertEquals(TrainingRuns.checksums(unbroken(), STEPS), TrainingRuns.checksums(run, STEPS));
    }

    @Test
    void tenSecondsAreWaitedFor() throws Exception {
        Path run = runs.work().resolve("ten");
        Launcher.Ended ended = trainCut(run, 10);
        Launcher.assertDone(ended);
        assertEquals(List.of(), TrainingRuns.told(run, "restart"));
        assertFalse(ended.output().contains("Starting them again"), ended.output());
        assertAsUnbroken(run);
    }

    @Test
    void aMinuteCostsTheStepsSinceTheCheckpoint() throws Exception {
        Path run = runs.work().resolve("sixty");
        Launcher.Ended ended = trainCut(run, 60);
        Launcher.assertDone(ended);
        List<com.fasterxml.jackson.databind.JsonNode> restarts = TrainingRuns.told(run, "restart");
        assertEquals(1, restarts.size(), ended.output());
        String message = restarts.get(0).get("message").asText();
        assertTrue(message.contains("has sent no heartbeat") && message.contains("global_step"), message);
        assertAsUnbroken(run);
    }
}
