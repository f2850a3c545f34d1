// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.LocalStorage;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The same steps by another number of executors, in another way that only saves memory, or with stops on the way. A plan
 * does not know how many ranks will share its steps, so all these runs have the same one.
 */
@Tag("slow")
@Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainingEqualityIT {
    private static final int STEPS = 50;
    private static final double TOLERANCE = 1e-5;
    private static final String SHARDED = "optimizer_sharding=true";
    private static final String RECOMPUTED = "grad_checkpoint=true";
    /** In the first epoch, in the middle of the fourth, and at its edge. */
    private static final List<Integer> STOPS = List.of(1, 7, 8);

    private static final int END = 16;
    private static TrainingRuns runs;

    @BeforeAll
    static void bucket() throws Exception {
        runs = TrainingRuns.begin("training-equality-it");
    }

    /** Trains at a rate that does not depend on where the run ends. */
    private static Path train(String name, int executors, int steps, String... settings) throws Exception {
        Path run = runs.work().resolve(name);
        List<String> arguments = new ArrayList<>(List.of("--set", "lr_schedule=constant"));
        for (String setting : settings) {
            arguments.addAll(setting.startsWith("--") ? List.of(setting.split(" ")) : List.of("--set", setting));
        }
        Launcher.Ended ended = runs.train(
                TrainingRuns.executors(executors),
                run,
                steps,
                Launcher.Incident.NONE,
                arguments.toArray(String[]::new));
        Launcher.assertDone(ended);
        assertTrue(ended.output().contains(executors + " rank"), ended.output());
        return run;
    }

    private static void assertSameLosses(Map<Integer, Double> expected, Path run) throws Exception {
        Map<Integer, Double> actual = TrainingRuns.losses(run);
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach(
                (step, loss) -> assertEquals(loss, actual.get(step), TOLERANCE, run.getFileName() + ", step " + step));
    }

    @Test
    void neitherExecutorsNorShardingNorRecomputationChangeTheLosses() throws Exception {
        Map<Integer, Double> losses = TrainingRuns.losses(train("one", 1, STEPS, "ckpt_every=0"));
        assertEquals(TrainingRuns.upTo(STEPS), List.copyOf(losses.keySet()));
        assertTrue(losses.get(STEPS) < 0.7 * losses.get(1), losses::toString); // it learns, so steps matter
        assertSameLosses(losses, train("one-recomputed", 1, STEPS, "ckpt_every=0", RECOMPUTED));
        Path two = train("two", 2, STEPS, "ckpt_every=0");
        assertSameLosses(losses, two);
        Path sharded = train("two-sharded", 2, STEPS, "ckpt_every=0", SHARDED);
        assertSameLosses(losses, sharded);
        assertSameLosses(losses, train("four", 4, STEPS, "ckpt_every=0"));
        assertSameLosses(losses, train("four-sharded-recomputed", 4, STEPS, "ckpt_every=0", SHARDED, RECOMPUTED));
    }

    @Test
    void stopsChangeNoBitWithAsManyRanksAndTheLossesHardlyWithOthers() throws Exception {
        Path unbroken = train("unbroken", 2, END, "ckpt_every=1", "keep_last=null");
        Path stopped = goOn("stopped", 2, END, 2, 2, 2);
        assertEquals(TrainingRuns.losses(unbroken), TrainingRuns.losses(stopped));
        for (int step : List.of(1, 7, 8, END)) {
            assertEquals(TrainingRuns.checksums(unbroken, step), TrainingRuns.checksums(stopped, step), "step " + step);
        }
        assertSameLosses(TrainingRuns.losses(unbroken), goOn("others", 2, END, 1, 4, 1));
    }

    /** A run that is stopped at {@link #STOPS}, and each time goes on with so many executors. */
    private static Path goOn(String name, int executors, int end, int... then) throws Exception {
        Path run = train(name, executors, STOPS.get(0), "ckpt_every=0", "keep_last=null");
        for (int stop = 0; stop < STOPS.size(); stop++) {
            int next = stop + 1 < STOPS.size() ? STOPS.get(stop + 1) : end;
            train(name, then[stop], next, "ckpt_every=0", "keep_last=null", "--load " + run);
        }
        return run;
    }

    @Test
    void aRunThatASignalStoppedGoesOnToTheSameBits() throws Exception {
        int end = 40;
        Path unbroken = train("steady", 2, end, "ckpt_every=0");
        Path run = runs.work().resolve("signalled");
        Launcher.Ended ended = runs.train(
                TrainingRuns.executors(2),
                run,
                end,
                (process, log) -> {
                    TrainingRuns.executorsAtStep(3, process, log);
                    process.destroy();
                },
                "--set",
                "lr_schedule=constant",
                "--set",
                "ckpt_every=0",
                "--conf",
                "spark.executor.heartbeatInterval=100ms");
        assertEquals(143, ended.code(), ended.output());
        CheckpointReader saved = CheckpointReader.newest(new LocalStorage(run), path -> true)
                .orElseThrow()
                .checkpoint();
        long step = TrainingCheckpoint.state(saved).globalStep();
        assertTrue(step >= 3 && step < end, "stopped at step " + step);
        train("signalled", 2, end, "ckpt_every=0", "--load " + run);
        assertEquals(TrainingRuns.losses(unbroken), TrainingRuns.losses(run));
        assertEquals(TrainingRuns.checksums(unbroken, end), TrainingRuns.checksums(run, end));
    }
}
