// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.error.Stopped;
import io.sparkreel.jobs.error.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the options of a run do to it: runs of a very small model in this process. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainingOptionsTest {
    private static final int STEPS_PER_EPOCH = 4;

    @TempDir
    static Path work;

    @BeforeAll
    static void bucket() throws Exception {
        TrainingData.pictures(work.resolve("pictures"), 16);
        BucketedMedia.run(BucketedMedia.config(
                work.resolve("pictures"),
                work.resolve("data"),
                "resolutions: {tiny: {pixels: 1024, ratios: {\"1.00\": [32, 32]}}}",
                "bucket_config: {tiny: {1: [1.0, 2]}}"));
    }

    /** Trains with two micro-batches of two clips a step. */
    private static Path train(String name, String... lines) throws IOException {
        Path run = work.resolve(name);
        TrainingData.train(TrainingData.config(work.resolve("data"), run, all(lines)));
        return run;
    }

    private static String[] all(String... lines) {
        boolean given = Stream.of(lines).anyMatch(line -> line.startsWith("micro_batches_per_step"));
        return Stream.concat(Stream.of("micro_batches_per_step: 2").filter(line -> !given), Stream.of(lines))
                .toArray(String[]::new);
    }

    private static String refused(String name, String... lines) {
        return UserError.in(assertThrows(RuntimeException.class, () -> train(name, lines)))
                .getMessage();
    }

    private static Set<String> checkpoints(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("epoch"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static byte[] weights(Path run, String checkpoint, String part) throws IOException {
        return Files.readAllBytes(run.resolve(checkpoint).resolve(part).resolve("model.safetensors"));
    }

    /** A number of each step. */
    private static Map<Long, Double> told(Path run, String what) throws IOException {
        Map<Long, Double> told = new TreeMap<>();
        for (JsonNode node : lines(run, "step")) {
            assertEquals(
                    null, told.put(node.get("step").asLong(), node.get(what).asDouble()), "told twice");
        }
        return told;
    }

    private static List<JsonNode> lines(Path run, String event) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve("log.jsonl"))) {
            JsonNode node = new ObjectMapper().readTree(line);
            if (node.path("event").asText().equals(event)) {
                lines.add(node);
            }
        }
        return lines;
    }

    private static List<Long> steps(int from, int to) {
        return IntStream.rangeClosed(from, to).mapToObj(step -> (long) step).toList();
    }

    @Test
    void epochsAndMaxStepsEndTheRunAndCheckpointsStayAsAsked() throws Exception {
        Path run = train("epochs", "epochs: 3", "ckpt_every: 1", "keep_last: 2", "keep_every: 5");
        assertEquals(
                steps(1, 3 * STEPS_PER_EPOCH), List.copyOf(told(run, "loss").keySet()));
        assertEquals(
                Set.of("epoch1-global_step5", "epoch2-global_step10", "epoch2-global_step11", "epoch2-global_step12"),
                checkpoints(run));
        Path shorter = train("max", "epochs: 3", "max_steps: 3", "log_every: 2");
        assertEquals(
                List.of(1L, 2L, 3L), List.copyOf(told(shorter, "loss").keySet())); // the first and last in any case
        assertEquals(Set.of("epoch0-global_step3"), checkpoints(shorter));
    }

    @Test
    void aStoppedRunGoesOnBitForBitWhereverItStopped() throws Exception {
        String schedule = "lr_schedule: constant";
        Path whole = train("whole", "epochs: 3", schedule, "ckpt_every: 1");
        for (int stop : new int[] {1, STEPS_PER_EPOCH, 7}) {
            Path run = train("stop" + stop, "epochs: 3", schedule, "max_steps: " + stop);
            train("stop" + stop, "epochs: 3", schedule, "load: '" + run + "'");
            Map<Long, Double> losses = told(run, "loss");
            assertEquals(told(whole, "loss"), losses, "stopped at " + stop);
            for (String part : List.of("model", "ema")) {
                assertTrue(
                        java.util.Arrays.equals(
                                weights(whole, "epoch2-global_step12", part),
                                weights(run, "epoch2-global_step12", part)),
                        part + " after a stop at " + stop);
            }
            Path moments = Path.of("epoch2-global_step12/optimizer/rank-00000-of-00001.safetensors");
            assertEquals(-1, Files.mismatch(whole.resolve(moments), run.resolve(moments)));
        }
    }

    @Test
    void startFromScratchKeepsWeightsAndBeginsAgain() throws Exception {
        Path first = train("first", "epochs: 2");
        Path again = train("again", "epochs: 1", "load: '" + first + "'", "start_from_scratch: true");
        assertEquals(steps(1, STEPS_PER_EPOCH), List.copyOf(told(again, "loss").keySet()));
        assertNotEquals(told(first, "loss").get(1L), told(again, "loss").get(1L), "it has learned already");
        assertTrue(refused("first", "epochs: 1").contains("--load"));
        assertTrue(refused("first", "epochs: 1", "load: '" + first + "'", "start_from_scratch: true")
                .contains("it holds a later checkpoint, epoch1-global_step8"));
        assertTrue(refused("other", "epochs: 2", "load: '" + first + "'", "seed: 7")
                .contains("--start-from-scratch"));
    }

    @Test
    void aDamagedCheckpointIsPassedOverAndTheLogGoesBackWithIt() throws Exception {
        Path run = train("damaged", "epochs: 2", "max_steps: 6", "ckpt_every: 2");
        Path moments = run.resolve("epoch1-global_step6/optimizer/rank-00000-of-00001.safetensors");
        byte[] content = Files.readAllBytes(moments);
        content[content.length / 2] ^= 4;
        Files.write(moments, content);
        Map<Long, Double> before = told(run, "loss");
        Files.writeString(
                run.resolve("log.jsonl"), "{\"event\": \"step\", \"st", java.nio.file.StandardOpenOption.APPEND);
        train("damaged", "epochs: 2", "ckpt_every: 2", "load: '" + run + "'");
        Map<Long, Double> after = told(run, "loss");
        assertEquals(steps(1, 8), List.copyOf(after.keySet()));
        before.forEach((step, loss) -> assertEquals(loss, after.get(step), "step " + step));
    }

    @Test
    void learningRatesFollowTheirSchedule() throws Exception {
        Map<Long, Double> constant = told(train("constant", "epochs: 2", "lr: 1.0e-3", "warmup_steps: 4"), "lr");
        assertEquals(List.of(0.25e-3, 0.5e-3, 0.75e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3), List.copyOf(constant.values()));
        Map<Long, Double> linear =
                told(train("linear", "epochs: 2", "lr: 1.0e-3", "warmup_steps: 4", "lr_schedule: linear"), "lr");
        assertEquals(1e-3 * 0.25, linear.get(8L), 1e-12);
        Map<Long, Double> cosine =
                told(train("cosine", "epochs: 2", "lr: 1.0e-3", "warmup_steps: 4", "lr_schedule: cosine"), "lr");
        assertEquals(1e-3 * 0.5 * (1 + Math.cos(Math.PI * 0.75)), cosine.get(8L), 1e-12);
    }

    @Test
    void whatComputesOtherwiseHasOtherResultsAndWhatOnlySavesMemoryHasNot() throws Exception {
        Map<Long, Double> plain = told(train("plain", "epochs: 1"), "loss");
        assertEquals(plain, told(train("checkpointed", "epochs: 1", "grad_checkpoint: true"), "loss"));
        assertNotEquals(plain, told(train("clipped", "epochs: 1", "grad_clip: 0.001"), "loss"));
        Map<Long, Double> bf16 = told(train("bf16", "epochs: 1", "dtype: bf16"), "loss");
        plain.forEach((step, loss) -> assertEquals(loss, bf16.get(step), 0.05 * loss));
        assertNotEquals(plain, bf16);
        // As many clips a step, in one micro-batch as in two.
        Path one = train("one", "epochs: 1", "micro_batches_per_step: 1", "bucket_config: {tiny: {1: [1.0, 4]}}");
        assertEquals(plain.keySet(), told(one, "loss").keySet());
        for (JsonNode step : lines(one, "step")) {
            JsonNode bucket = step.get("buckets").elements().next();
            assertEquals(
                    List.of(1, 4),
                    List.of(
                            bucket.get("micro_batches").asInt(),
                            bucket.get("samples").asInt()));
        }
    }

    @Test
    void aRunThatIsNotFiniteIsSkippedRecordedAndStopped() throws Exception {
        String message = refused("diverged", "epochs: 9", "lr: 1.0e+30", "grad_clip: null");
        assertTrue(
                message.startsWith("Cannot train any further: the loss or the gradient was not finite in 10 steps in"
                        + " a row, in step "),
                message);
        Path run = work.resolve("diverged");
        try (Stream<Path> files = Files.list(run.resolve("skipped"))) {
            List<Path> records =
                    files.filter(file -> file.toString().endsWith(".json")).toList();
            assertEquals(10, records.size());
            for (Path record : records) {
                JsonNode atFault = new ObjectMapper().readTree(record.toFile()).get("micro_batches");
                assertFalse(atFault.isEmpty());
                assertFalse(atFault.get(0).get("clips").isEmpty());
            }
        }
    }

    @Test
    void whatOnlyRanksWouldNoticeIsRefusedBeforeTheyStart() {
        Path run = work.resolve("refused");
        for (String[] wrong : new String[][] {
            {"mask_ratios: {mask_no: 0.5}", "'mask_ratios' is refused. Cannot", "add up to 0.5"},
            {"scheduler: {type: iddpm, timestep_respacing: 5000}", "'scheduler.timestep_respacing' is refused.", "5000"
            },
            {"sample_every: 2\nsamples: {prompts: ['A dog {\"x\": 1}']}", "'samples.prompts' is refused.", "the key 'x'"
            },
            {
                "sample_every: 2\nsamples: {prompts: [A dog], image_size: [3, 64]}",
                "'samples.image_size' is refused.",
                "3x64"
            },
            {"decode_cache_mib: 1000000000", "Cannot start training: decode_cache_mib 1000000000", "spark.driver.memory"
            },
            {
                "model: {type: STDiT2, hidden_size: 12288, depth: 200, num_heads: 2, input_sq_size: 32}",
                "Cannot start training: 1 rank needs ",
                "GiB of weights"
            },
        }) {
            String message = refused("refused", wrong[0]);
            assertTrue(message.contains(wrong[1]) && message.contains(wrong[2]), message);
            assertEquals(1, message.lines().count());
        }
        assertFalse(Files.exists(run));
    }

    /** As Spark's web page does it. */
    @Test
    void aRunWhoseStageIsKilledInSparkIsSavedAndGoesOnBitForBit() throws Exception {
        Path run = work.resolve("killed");
        Thread killer = new Thread(() -> {
            while (!Files.exists(run.resolve("epoch1-global_step5/manifest.json"))) {
                LockSupport.parkNanos(1_000_000);
            }
            SparkContext context = LocalSpark.session().sparkContext();
            for (int stage : context.statusTracker().getActiveStageIds()) {
                context.cancelStage(stage);
            }
        });
        killer.setDaemon(true);
        killer.start();
        Stopped stopped = assertThrows(Stopped.class, () -> train("killed", "epochs: 2000", "ckpt_every: 5"));
        assertTrue(stopped.getMessage().startsWith("Stopped on request. To resume from "), stopped.getMessage());
        Map<Long, Double> told = told(run, "loss");
        int steps = told.size();
        assertEquals(steps(1, steps), List.copyOf(told.keySet()));
        assertTrue(checkpoints(run).stream().anyMatch(name -> name.endsWith("global_step" + steps)), "it is not saved");
        String end = "max_steps: " + (steps + 3);
        train("killed", "epochs: 2000", "load: '" + run + "'", end);
        Path whole = train("unkilled", "epochs: 2000", end);
        assertEquals(told(whole, "loss"), told(run, "loss"));
        String last = "epoch%d-global_step%d".formatted((steps + 2) / STEPS_PER_EPOCH, steps + 3);
        assertTrue(java.util.Arrays.equals(weights(whole, last, "ema"), weights(run, last, "ema")));
    }
}
