// SPDX-License-Identifier: Apache-2.0
package io.sparkreel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.error.Stopped;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.spark.StopSignal;
import io.sparkreel.jobs.train.TrainingData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The library on a session that has a life of its own. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SparkreelTest {
    private static final int PICTURES = 9;

    @TempDir
    private static Path folder;

    /** Tasks run in this process. */
    private static final CountDownLatch STOPPED = new CountDownLatch(1);

    private static SparkSession spark;
    private static Sparkreel sparkreel;
    private static BucketingResult data;

    @BeforeAll
    static void bucket() throws Exception {
        spark = LocalSpark.session();
        sparkreel = Sparkreel.on(spark);
        List<Row> rows = new ArrayList<>();
        for (Path file : TrainingData.pictures(folder.resolve("pictures"), PICTURES)) {
            rows.add(RowFactory.create(file.getFileName().toString(), "the text of " + rows.size(), 3.5));
        }
        rows.add(RowFactory.create("gone.png", "of nothing", 0.0));
        Dataset<Row> media = spark.createDataFrame(
                rows,
                new StructType()
                        .add("path", DataTypes.StringType)
                        .add("text", DataTypes.StringType)
                        .add("score", DataTypes.DoubleType));
        data = sparkreel.bucket(media, bucketing(folder.resolve("buckets")));
    }

    private static BucketingConfig bucketing(Path output) {
        return Sparkreel.settings(
                BucketingConfig.class,
                Map.of(
                        "input", folder.resolve("pictures").toString(),
                        "output", output.toString(),
                        "resolutions.tiny", Map.of("pixels", 1024, "ratios", Map.of("1.00", List.of(32, 32))),
                        "bucket_config", Map.of("tiny", Map.of(1, List.of(1.0, 2)))));
    }

    private static TrainingConfig training(String run, String... lines) {
        return TrainingData.config(folder.resolve("buckets"), folder.resolve(run), lines)
                .config();
    }

    @Test
    void aDatasetOfPathsBecomesClipsInBuckets() {
        assertEquals(PICTURES, data.clips().count());
        assertEquals(
                PICTURES, data.shards().where("caption like 'the text of %'").count());
        Row refused = data.quarantine().collectAsList().get(0);
        assertEquals("missing_file", refused.getAs("reason"));
        assertEquals("row 10, column path: there is no such file", refused.getAs("detail"));
        assertTrue(Files.exists(Path.of(folder + "/buckets/report.html")));
    }

    @Test
    void metadataAloneAreAssignedByTheSameRule() {
        Dataset<Row> metadata = data.clips().select("clip_id", "num_frames", "height", "width");
        Map<Long, String> alone = byClip(sparkreel.assign(metadata, bucketing(folder.resolve("none"))));
        assertEquals(byClip(data.shards()), alone);
        assertFalse(Files.exists(folder.resolve("none")), "nothing is written");
    }

    private static Map<Long, String> byClip(Dataset<Row> clips) {
        Map<Long, String> buckets = new TreeMap<>();
        clips.select("clip_id", "resolution", "bucket_frames", "aspect")
                .collectAsList()
                .forEach(row -> buckets.put(row.getLong(0), row.get(1) + " " + row.get(2) + " " + row.get(3)));
        return buckets;
    }

    @Test
    void trainsOnStoredFeaturesAndSamplesADataset() throws Exception {
        TrainingConfig config = training(
                "run",
                "max_steps: 2",
                "dataset: {data_path: '" + data.output() + "', transform_name: resize_crop, features: '"
                        + folder.resolve("features") + "'}");
        assertEquals(PICTURES, sparkreel.encode(config).count());
        TrainingResult run = sparkreel.train(config);
        assertEquals(2, run.steps());
        assertEquals(2, spark.read().json(run.log()).where("event = 'step'").count());

        Dataset<Row> prompts = spark.createDataFrame(
                List.of(RowFactory.create("noise", 5L, 2), RowFactory.create("more noise", null, 0)),
                new StructType()
                        .add("prompt", DataTypes.StringType)
                        .add("seed", DataTypes.LongType)
                        .add("num_sample", DataTypes.IntegerType));
        Map<String, Object> values = new HashMap<>();
        values.put("model.from_pretrained", run.checkpoint());
        values.put(
                "vae",
                Map.of("type", "wavelet", "levels", 2, "bands", List.of("Y-LL", "Cb-LL"), "scales", List.of(2.0, 0.5)));
        values.put("text_encoder", Map.of("type", "hash", "width", 8, "model_max_length", 6));
        values.put("scheduler", Map.of("type", "iddpm", "num_sampling_steps", 2, "cfg_channel", 2));
        values.putAll(Map.of("dtype", "fp32", "num_frames", 1, "image_size", List.of(32, 32)));
        values.put("save_dir", folder.resolve("samples").toString());
        InferenceConfig inference = Sparkreel.settings(InferenceConfig.class, values);
        List<Row> results = sparkreel
                .generate(prompts, inference)
                .orderBy("prompt_id", "sample")
                .collectAsList();
        assertEquals(
                List.of("ok 5", "ok 5", "failed 42"),
                results.stream()
                        .map(row -> row.getAs("status") + " " + row.getAs("seed"))
                        .toList());
        assertTrue(
                results.get(2).<String>getAs("error").startsWith("row 2 of the Dataset: Cannot use this prompt"),
                results.get(2)::toString);
    }

    @Test
    void aStopEndsTheRunAndNoOtherJobOfTheSession() throws Exception {
        StopSignal stop = new StopSignal();
        Path log = folder.resolve("stopped/log.jsonl");
        CompletableFuture<Long> other = CompletableFuture.supplyAsync(() -> {
            while (!hasStep(log)) {
                pause();
            }
            return JavaSparkContext.fromSparkContext(spark.sparkContext())
                    .parallelize(List.of(1), 1)
                    .map(any -> {
                        STOPPED.await(60, TimeUnit.SECONDS);
                        return any;
                    })
                    .count();
        });
        CompletableFuture<Void> stopping = CompletableFuture.runAsync(() -> {
            while (!hasStep(log) || spark.sparkContext().statusTracker().getActiveJobIds().length < 2) {
                pause();
            }
            stop.request();
        });
        TrainingConfig config = training("stopped", "epochs: 1000000");
        String message =
                assertThrows(Stopped.class, () -> sparkreel.train(config, stop)).getMessage();
        assertTrue(message.startsWith("Stopped on request. To resume from"), message);
        stopping.get(10, TimeUnit.SECONDS);
        assertFalse(other.isDone());
        STOPPED.countDown();
        assertEquals(1, other.get(30, TimeUnit.SECONDS));
    }

    private static boolean hasStep(Path log) {
        try {
            return Files.exists(log) && Files.readString(log).contains("\"event\":\"step\"");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatCannotBeIsRefusedWithItsKey() {
        assertEquals(
                "Cannot read the setting 'model.dept': unknown key 'model.dept' (value 3). Did you mean 'model.depth'?",
                assertThrows(UserError.class, () -> Sparkreel.settings(TrainingConfig.class, Map.of("model.dept", 3)))
                        .getMessage());
        TrainingConfig greedy = training("greedy", "decode_cache_mib: 1000000");
        String memory =
                assertThrows(UserError.class, () -> sparkreel.train(greedy)).getMessage();
        assertTrue(memory.contains("Raise spark.driver.memory, or lower decode_cache_mib"), memory);
        Dataset<Row> nameless = spark.range(3).toDF("id");
        String path = assertThrows(
                        UserError.class, () -> sparkreel.bucket(nameless, bucketing(folder.resolve("other"))))
                .getMessage();
        assertTrue(path.startsWith("Cannot read the Dataset: it has no column 'path', only id."), path);
        String again = assertThrows(
                        UserError.class, () -> sparkreel.bucket(nameless, bucketing(folder.resolve("buckets"))))
                .getMessage();
        assertTrue(again.contains("it holds an earlier run"), again);
    }
}
