// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.bucketing.bucket.ClipId;
import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.bench.BatchSizeSearch;
import io.sparkreel.jobs.config.BucketLevel;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a training run makes of its data: kinds of it, batch sizes, steps, and going on with them. */
@Timeout(600)
class TrainingPlanTest {
    @TempDir
    static Path work;

    private static Path data;

    @BeforeAll
    static void bucket() throws Exception {
        data = work.resolve("data");
        BucketedMedia.copy(work.resolve("media"), "plain.mp4", "vp9.webm", "hevc.mp4");
        TrainingData.pictures(work.resolve("media"), 9);
        BucketedMedia.run(BucketedMedia.config(
                work.resolve("media"),
                data,
                "resolutions: {tiny: {pixels: 1024, ratios: {\"1.00\": [32, 32]}}}",
                "bucket_config: {tiny: {1: [1.0, 4], 4: [1.0, 2]}}"));
    }

    private static Dataset<Row> plan(Path run) {
        return LocalSpark.session().read().parquet(run + "/plan/*");
    }

    private static void train(Path run, String... lines) throws IOException {
        TrainingData.train(TrainingData.config(data, run, lines));
    }

    private static void assertRefused(String why, Path run, String... lines) {
        RuntimeException refused = assertThrows(RuntimeException.class, () -> train(run, lines));
        assertTrue(
                refused.getMessage().startsWith("Cannot ")
                        && refused.getMessage().contains(why),
                refused.getMessage());
    }

    @Test
    void clipsOfOneSizeNeedNoBuckets() throws Exception {
        Path run = work.resolve("fixed");
        train(
                run,
                "epochs: 2",
                "batch_size: 5",
                "micro_batches_per_step: 2",
                "dataset: {type: VideoTextDataset, data_path: '" + data
                        + "', num_frames: 5, frame_interval: 2, image_size: [16, 16], transform_name: center}");
        List<Row> rows = plan(run).where("epoch = 0").collectAsList();
        assertEquals(12, rows.size());
        assertEquals(
                12,
                rows.stream().map(row -> row.<Long>getAs("clip_id")).distinct().count());
        assertEquals(
                Set.of("fixed-5-1.00"),
                rows.stream().map(row -> row.<String>getAs("bucket")).collect(Collectors.toSet()));
        assertEquals(Set.of(1L, 2L, 3L, 4L), TrainingData.losses(run).keySet());
        assertTrue(TrainingData.losses(run).values().stream().allMatch(Double::isFinite));
        assertRefused(
                "'batch_size' is null",
                work.resolve("x"),
                "dataset: {type: VideoTextDataset, data_path: '" + data + "', num_frames: 5, image_size: [16, 16]}");
    }

    @Test
    void whatDoesNotFitTheMemoryIsRefusedAndAutoSizesFillIt() throws Exception {
        assertRefused("and memory_gib is 0.001. ", work.resolve("large"), "epochs: 1", "memory_gib: 0.001");
        assertRefused(
                "set batch_sizes: auto, or raise memory_gib",
                work.resolve("large"),
                "bucket_config: {tiny: {4: [1.0, 100000]}}",
                "memory_gib: 0.5");
        // Without a number from the user, what the machine has.
        assertRefused(
                "Lower the batch sizes of bucket_config, set grad_checkpoint: true",
                work.resolve("huge"),
                "bucket_config: {tiny: {4: [1.0, 100000000]}}");
        assertRefused("'memory_gib' is null", work.resolve("large"), "batch_sizes: auto");
        Path run = work.resolve("auto");
        train(
                run,
                "epochs: 1",
                "batch_sizes: auto",
                "memory_gib: 1",
                "cost_target: 0.00001",
                "micro_batches_per_step: 4");
        List<Row> costs = plan(run)
                .groupBy("step", "micro_batch", "bucket", "cost")
                .count()
                .orderBy("bucket")
                .collectAsList();
        double most = costs.stream().mapToDouble(row -> row.getAs("cost")).max().orElseThrow();
        assertTrue(most < 1.5e7, costs.toString());
        assertTrue(
                costs.stream()
                        .anyMatch(row ->
                                row.<String>getAs("bucket").equals("tiny-1-1.00") && row.<Long>getAs("count") > 2),
                costs.toString());
    }

    @Test
    void trainingTakesTheBatchSizesThatWereSearched() throws Exception {
        Path run = work.resolve("searched");
        Path given = Files.writeString(
                work.resolve("given.yaml"),
                TrainingData.config(data, run, "epochs: 1").yaml());
        Path found = work.resolve("found.yaml");
        String[] words = {
            "--config",
            given.toString(),
            "--data-path",
            data.toString(),
            "--memory-gib",
            "1",
            "--output",
            found.toString(),
            "--threads",
            "1",
            "--max-step-s",
            "1"
        };
        JsonNode line = new ObjectMapper().readTree(BatchSizeSearch.run(words).toString());
        int pictures = line.at("/batch_sizes/tiny-1").asInt();
        int videos = line.at("/batch_sizes/tiny-4").asInt();
        assertTrue(videos >= 1 && pictures >= 1, line.toString());
        assertTrue(line.at("/seconds_per_clip/tiny-4-1.00").asDouble() > 0, line.toString());

        // The file is the configuration of a training run, and that run has batches of these sizes, as far as clips go.
        LoadedConfig<TrainingConfig> config = ConfigLoader.load(TrainingConfig.class, found, List.of());
        assertEquals(
                Map.of("tiny", Map.of(1, new BucketLevel(1, pictures), 4, new BucketLevel(1, videos))),
                config.config().bucketConfig());
        TrainingData.train(config);
        Map<String, Long> largest = new TreeMap<>();
        plan(run)
                .groupBy("step", "micro_batch", "bucket")
                .count()
                .collectAsList()
                .forEach(row -> largest.merge(row.getAs("bucket"), row.<Long>getAs("count"), Math::max));
        assertEquals(Map.of("tiny-1-1.00", Math.min(9L, pictures), "tiny-4-1.00", Math.min(3L, videos)), largest);
    }

    @Test
    void otherStepsAreRefusedInWordsOrPlannedAnew() throws Exception {
        Path run = work.resolve("run");
        train(run, "epochs: 1000", "max_steps: 3", "micro_batches_per_step: 2");
        String checkpoint = "load: '" + run + "'";
        assertRefused(
                "micro_batches_per_step was 2, is 1, batch size of tiny-1 was 4, is 3",
                run,
                checkpoint,
                "max_steps: 5",
                "micro_batches_per_step: 1",
                "bucket_config: {tiny: {1: [1.0, 3]}}");
        Dataset<Row> before = plan(run).where("step < 3").select("step", "micro_batch", "slot", "clip_id");
        List<String> taken = new TreeSet<>(
                        before.collectAsList().stream().map(Row::toString).toList())
                .stream().toList();
        train(run, checkpoint, "max_steps: 6", "micro_batches_per_step: 1", "replan: true");
        assertEquals(
                taken,
                new TreeSet<>(
                                plan(run)
                                        .where("step < 3")
                                        .select("step", "micro_batch", "slot", "clip_id")
                                        .collectAsList()
                                        .stream()
                                        .map(Row::toString)
                                        .toList())
                        .stream().toList());
        assertEquals(0, plan(run).where("step >= 3 and micro_batch > 0").count());
        assertEquals(
                12,
                plan(run)
                        .where("step >= 3")
                        .groupBy("epoch")
                        .count()
                        .orderBy("epoch")
                        .head()
                        .getLong(1),
                "the epoch that was begun begins again");
        assertEquals(Set.of(1L, 2L, 3L, 4L, 5L, 6L), TrainingData.losses(run).keySet());
        // The new plan is the run's plan from here on.
        train(run, checkpoint, "max_steps: 7", "micro_batches_per_step: 1");
        assertEquals(7, TrainingData.losses(run).size());
        assertEquals(
                plan(run).count(),
                plan(run).select("step", "micro_batch", "slot").distinct().count());

        query(run);
        costs(run);
    }

    @Test
    void aClipThatKilledTheProcessIsLeftAlone() throws Exception {
        Path run = work.resolve("killed");
        Row clip = LocalSpark.session()
                .read()
                .parquet(data.resolve("shards").toString())
                .where("kind = 'video'")
                .select("uri", "bytes")
                .orderBy("uri")
                .head();
        String name = clip.getString(0) + " " + clip.getLong(1);
        Path crashed = CrashGuard.folder(run.toString()).resolve("crashed");
        Path note = crashed.resolve(Long.toHexString(ClipId.of(name, name.length())));
        Files.createDirectories(crashed);
        Files.writeString(note, name); // what the next process writes after two of them died over the clip
        try {
            train(run, "epochs: 2", "micro_batches_per_step: 4", "max_bad_clips: 0.2");
        } finally {
            Files.delete(note);
        }
        List<Row> bad = LocalSpark.session()
                .read()
                .parquet(run.resolve("quarantine").toString())
                .collectAsList();
        assertEquals(1, bad.size());
        assertEquals(clip.getString(0), bad.get(0).getAs("uri"));
        assertEquals("native_crash", bad.get(0).getAs("reason"));
    }

    /** The query of the README tells what the plan says. */
    private static void query(Path run) throws IOException {
        String readme = Files.readString(BucketedMedia.ROOT.resolve("README.md"));
        String sql = readme.lines()
                .map(String::strip)
                .filter(line -> line.startsWith("SELECT "))
                .findFirst()
                .orElseThrow();
        assertTrue(sql.contains("/data/run/plan") && sql.contains("step = 5123"), sql);
        List<Row> rows = LocalSpark.session()
                .sql(sql.replace("/data/run", run.toString()).replace("5123", "1"))
                .collectAsList();
        assertEquals(
                plan(run).where("step = 1").select("clip_id").collectAsList().stream()
                        .map(r -> r.getLong(0))
                        .sorted()
                        .toList(),
                rows.stream().map(row -> row.<Long>getAs("clip_id")).sorted().toList());
        assertTrue(!rows.isEmpty());
    }

    /** Seconds that a run measured correct the costs of another. */
    private static void costs(Path run) throws IOException {
        Path other = work.resolve("other");
        train(other, "epochs: 1", "micro_batches_per_step: 4", "costs: '" + run.resolve("costs.json") + "'");
        Row row = plan(other).where("bucket = 'tiny-1-1.00'").head();
        assertTrue(row.<Double>getAs("cost") < 1000, "seconds, not operations");
        assertRefused("Cannot read costs", work.resolve("x"), "costs: '" + run.resolve("log.jsonl") + "'");
    }
}
