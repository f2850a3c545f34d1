// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.apache.spark.sql.functions.countDistinct;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.spark.StopSignal;
import io.sparkreel.jobs.storage.FolderLease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An unbroken run and one that is resumed accept and refuse the same; here one of ten clips cannot be read. */
@Timeout(600)
class ResumeTest {
    private static final int STEPS_PER_EPOCH = 5;
    private static final String TINY = "resolutions: {tiny: {pixels: 1024, ratios: {\"1.00\": [32, 32]}}}";

    @TempDir
    static Path work;

    private static Path data;

    @BeforeAll
    static void bucket() throws Exception {
        data = work.resolve("data [1] {a,b}: *");
        List<Path> pictures = TrainingData.pictures(work.resolve("pictures"), 2 * STEPS_PER_EPOCH);
        BucketedMedia.run(
                BucketedMedia.config(work.resolve("pictures"), data, TINY, "bucket_config: {tiny: {1: [1.0, 2]}}"));
        byte[] noise = new byte[(int) Files.size(pictures.get(3))];
        new Random(3).nextBytes(noise);
        Files.write(pictures.get(3), noise);
    }

    private static void train(Path run, double maxBadClips, String... lines) throws IOException {
        String[] all = Arrays.copyOf(lines, lines.length + 3);
        all[lines.length] = "micro_batches_per_step: 1";
        all[lines.length + 1] = "max_bad_clips: " + maxBadClips;
        all[lines.length + 2] = hasCheckpoint(run) ? "load: '" + run + "'" : "";
        TrainingData.train(TrainingData.config(data, run, all));
    }

    private static boolean hasCheckpoint(Path run) throws IOException {
        if (!Files.exists(run)) {
            return false;
        }
        try (Stream<Path> files = Files.list(run)) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith("epoch"));
        }
    }

    private static JsonNode state(Path run, int epoch, int step) throws IOException {
        return new ObjectMapper()
                .readTree(run.resolve("epoch" + epoch + "-global_step" + step + "/state.json")
                        .toFile());
    }

    private static String refused(Path run, double maxBadClips, String... lines) {
        return assertThrows(UserError.class, () -> train(run, maxBadClips, lines))
                .getMessage();
    }

    private static String limit(String message) {
        return message.substring(0, message.indexOf(" allows"));
    }

    @Test
    void bothAcceptTheSame() throws Exception {
        Path unbroken = work.resolve("unbroken");
        train(unbroken, 0.12, "epochs: 2", "ckpt_every: 5");
        Path resumed = work.resolve("resumed [1] {a,b}: *");
        for (int last : List.of(4, 5, 10)) {
            train(resumed, 0.12, "epochs: 2", "max_steps: " + last);
        }
        assertEquals(TrainingData.losses(unbroken), TrainingData.losses(resumed));
        for (int epoch = 0; epoch < 2; epoch++) {
            int steps = (epoch + 1) * STEPS_PER_EPOCH;
            JsonNode state = state(resumed, epoch, steps);
            assertEquals(2 * steps, state.at("/counts/clips").asInt());
            assertEquals(state(unbroken, epoch, steps).get("counts"), state.get("counts"));
            assertTrue(state.get("epoch_ended").asBoolean());
        }
        assertFalse(state(resumed, 0, 4).get("epoch_ended").asBoolean());
        assertEquals(18, state(resumed, 1, 10).at("/counts/clips_read").asInt());
        assertEquals(
                "constant", state(resumed, 1, 10).at("/learning_rate/schedule").asText());

        train(resumed, 0.12, "epochs: 2");
        List<String> log = Files.readAllLines(resumed.resolve("log.jsonl"));
        assertTrue(
                log.get(log.size() - 1).contains("No step is left: the run has taken all of its 10 steps"),
                log::toString);
        // Planned anew at the end of an epoch, a run goes on with the next and does not repeat the one that has ended.
        train(unbroken, 0.12, "epochs: 3", "replan: true", "step_mix: similar", "max_steps: 11");
        assertEquals(1, state(unbroken, 2, 11).get("step").asInt());
        assertEquals(2, state(unbroken, 2, 11).at("/counts/clips").asInt());
    }

    @Test
    void bothRefuseTheSame() throws Exception {
        Path unbroken = work.resolve("refused");
        String why = refused(unbroken, 0.05, "epochs: 2", "ckpt_every: 3");
        assertEquals(
                "Cannot train any further: 1 of 10 clips could not be read, more than max_bad_clips 0.05", limit(why));
        assertTrue(why.contains(" allows: 1 ") && why.contains("such as file:"), why);
        assertTrue(why.contains("picture-0003.png"), why);
        assertTrue(why.endsWith(" Bucket the data again with verify: full, or raise max_bad_clips."), why);
        assertEquals(STEPS_PER_EPOCH, TrainingData.losses(unbroken).size(), "not a step later");
        assertFalse(Files.exists(unbroken.resolve("epoch0-global_step5")), "it could not be put right");
        assertEquals(limit(why), limit(refused(unbroken, 0.05, "epochs: 2")));

        // What was trained to the last step is kept.
        Path ended = work.resolve("ended");
        assertEquals(limit(why), limit(refused(ended, 0.05, "epochs: 1")));
        assertTrue(refused(ended, 0.05, "epochs: 1").contains(": 1 of 10 clips could not be read"));
        String again = refused(ended, 0.05, "epochs: 2");
        assertEquals(limit(why), limit(again));
        assertTrue(again.contains(" allows: 1 ") && again.contains("picture-0003.png"), again);
        assertEquals(STEPS_PER_EPOCH, TrainingData.losses(ended).size());
    }

    @Test
    void aRunWithoutAnUpdateDoesNotSucceed() throws Exception {
        Path away = Files.move(work.resolve("pictures"), work.resolve("away"));
        try {
            String none = refused(work.resolve("none"), 1, "max_steps: 2");
            assertTrue(none.startsWith("Cannot train: none of the 2 steps changed the weights"), none);
        } finally {
            Files.move(away, work.resolve("pictures"));
        }
    }

    /** Draws of unequal size, as keep_prob makes them. */
    @Test
    void epochsAreEpochsWhateverTheSizesOfTheDraws() throws Exception {
        Path drawn = work.resolve("drawn");
        TrainingData.pictures(drawn.resolve("pictures"), 20);
        BucketedMedia.run(BucketedMedia.config(
                drawn.resolve("pictures"),
                drawn.resolve("data"),
                TINY,
                "bucket_config: {tiny: {1: [0.4, 1]}}",
                "epochs: 2"));
        Path run = drawn.resolve("run");
        TrainingData.train(TrainingData.config(drawn.resolve("data"), run, "epochs: 3", "micro_batches_per_step: 2"));
        List<Long> steps = LocalSpark.session()
                .read()
                .parquet(run + "/plan/*")
                .groupBy("epoch")
                .agg(countDistinct("step"))
                .orderBy("epoch")
                .collectAsList()
                .stream()
                .map((Row row) -> row.getLong(1))
                .toList();
        assertEquals(3, steps.size());
        assertTrue(steps.stream().distinct().count() > 1, "the draws must be of unequal size: " + steps);
        assertEquals(steps.get(0), steps.get(2));
        assertEquals(
                steps.stream().mapToLong(Long::longValue).sum(),
                TrainingData.losses(run).lastKey());
    }

    @Test
    void aRunThatHasLostItsFolderCommitsNothing() throws Exception {
        Path run = work.resolve("lost");
        train(run, 1, "max_steps: 1");
        Configuration hadoop = new Configuration();
        try (FolderLease lease = FolderLease.take(hadoop, run.toString(), "--outputs", "training")) {
            Files.writeString(run.resolve(".sparkreel-lease/00000002.json"), "another's");
            LoadedConfig<TrainingConfig> config = TrainingData.config(
                    data,
                    run,
                    "max_steps: 2",
                    "micro_batches_per_step: 1",
                    "max_bad_clips: 1.0",
                    "load: '" + run + "'");
            Exception failure = assertThrows(
                    Exception.class,
                    () -> TrainingRun.prepare(config, hadoop).execute(LocalSpark.session(), new StopSignal(), lease));
            String told = UserError.in(failure).getMessage();
            assertTrue(told.startsWith("Cannot write to " + run + " any longer: another job has taken it over."), told);
            assertTrue(told.endsWith(" works there."), told);
        }
        assertTrue(Files.exists(run.resolve("epoch0-global_step1/manifest.json")));
        assertFalse(Files.exists(run.resolve("epoch0-global_step2/manifest.json")));
    }
}
