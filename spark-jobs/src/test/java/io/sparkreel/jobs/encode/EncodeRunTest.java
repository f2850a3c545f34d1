// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.encode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.jobs.train.TrainingData;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clips encoded beforehand, and training on them. */
@Timeout(600)
class EncodeRunTest {
    @TempDir
    static Path folder;

    private static Path work;

    private static Path media;
    private static Path data;

    @BeforeAll
    static void bucket() throws Exception {
        work = folder.resolve("runs [hd] {a,b} 12:30 50% #1?"); // any name will do for every job
        media = work.resolve("media");
        data = work.resolve("data");
        BucketedMedia.copy(media, "plain.mp4", "vp9.webm", "hevc.mp4", "still.jpg");
        TrainingData.pictures(media, 6);
        bucketAgain();
    }

    private static void bucketAgain() throws IOException {
        BucketedMedia.run(BucketedMedia.config(
                media,
                data,
                "overwrite: true",
                "resolutions: {tiny: {pixels: 1024, ratios: {\"1.00\": [32, 32], \"0.60\": [24, 40]}}}",
                "bucket_config: {tiny: {1: [1.0, 4], 4: [1.0, 2]}}"));
    }

    private static String dataset(Path features, String more) {
        return "dataset: {data_path: '" + data + "', transform_name: resize_crop, features_dtype: fp32"
                + (features == null ? "" : ", features: '" + features + "'") + more + "}";
    }

    private static void encode(Path features, String more, String... lines) throws IOException {
        List<String> all = new ArrayList<>(List.of(lines));
        all.add(dataset(features, more));
        EncodeRun.prepare(TrainingData.config(data, work, all.toArray(String[]::new)), new Configuration())
                .execute(LocalSpark.session(), 1, FolderLease.none());
    }

    private static TreeMap<Long, Double> losses(String run, Path features, String more) throws IOException {
        TrainingData.train(TrainingData.config(
                data, work.resolve(run), "epochs: 4", "micro_batches_per_step: 2", dataset(features, more)));
        return TrainingData.losses(work.resolve(run));
    }

    private static Map<String, Long> files(Path features) throws IOException {
        Map<String, Long> files = new TreeMap<>();
        try (Stream<Path> tree = Files.walk(features)) {
            for (Path file : tree.filter(Files::isRegularFile)
                    .filter(f -> !f.toString().endsWith(".crc"))
                    .toList()) {
                files.put(file.toString(), Files.getLastModifiedTime(file).toMillis());
            }
        }
        return files;
    }

    @Test
    void trainingOnStoredFeaturesTakesTheSameSteps() throws Exception {
        Path features = work.resolve("features");
        encode(features, ", temporal_windows: 2");
        Dataset<Row> index = Tables.reader(LocalSpark.session())
                .parquet(features.resolve("index").toString());
        long videos = Tables.reader(LocalSpark.session())
                .parquet(data.resolve("shards").toString())
                .where("kind = 'video'")
                .count();
        assertEquals(3, videos);
        assertEquals(2 * videos + 7, index.count());
        String shard = index.select("feature_file").head().getString(0);
        try (SafetensorsReader reader = SafetensorsReader.open(features.resolve(shard))) {
            assertTrue(
                    reader.tensors().containsKey("0.mean") && reader.tensors().containsKey("0.text"));
            assertTrue(!reader.tensors().containsKey("0.log_variance"), "a wavelet has no variance");
        }

        TreeMap<Long, Double> online = losses("online", null, ", temporal_windows: 2");
        TreeMap<Long, Double> stored = losses("stored", features, "");
        assertEquals(online.keySet(), stored.keySet());
        online.forEach((step, loss) -> assertEquals(loss, stored.get(step), 1e-4 * loss, "loss of step " + step));
        Dataset<Row> plan = Tables.reader(LocalSpark.session())
                .option("recursiveFileLookup", true)
                .parquet(work.resolve("stored/plan").toString());
        assertEquals(0, plan.where("feature_file is null").count());

        Map<String, Long> before = files(features);
        encode(features, ", temporal_windows: 2");
        assertEquals(before, files(features), "a second run has nothing to do");

        // What is not there yet is encoded online, and a later encode run adds it.
        BucketedMedia.copy(media, "av1.mp4");
        bucketAgain();
        TreeMap<Long, Double> partly = losses("partly", features, "");
        TreeMap<Long, Double> whole = losses("whole", null, ", temporal_windows: 2");
        whole.forEach((step, loss) -> assertEquals(loss, partly.get(step), 1e-4 * loss, "loss of step " + step));
        encode(features, ", temporal_windows: 2");
        assertEquals(
                2 * (videos + 1) + 7,
                Tables.reader(LocalSpark.session())
                        .parquet(features.resolve("index").toString())
                        .count());

        assertRefused(
                "seed was 42, is 43",
                () -> TrainingData.train(
                        TrainingData.config(data, work.resolve("x"), "seed: 43", dataset(features, ""))));
        assertRefused(
                "scales=[2.0, 0.5]], is WaveletConfig[",
                () -> TrainingData.train(TrainingData.config(
                        data,
                        work.resolve("x"),
                        "vae: {type: wavelet, levels: 2, bands: [Y-LL, Cb-LL], scales: [1.0, 0.5]}",
                        dataset(features, ""))));
        assertRefused("they hold 2 windows", () -> losses("y", features, ", temporal_windows: 3"));
        assertRefused(
                "it holds features that were encoded otherwise",
                () -> encode(features, ", temporal_windows: 2", "seed: 43"));

        Files.setLastModifiedTime(media.resolve("plain.mp4"), FileTime.fromMillis(1_000_000_000_000L));
        bucketAgain();
        assertRefused("1 of 11 stored clips have changed", () -> losses("z", features, ""));
        encode(features, ", temporal_windows: 2");
        assertEquals(
                losses("fresh", null, ", temporal_windows: 2").keySet(),
                losses("again", features, "").keySet());
    }

    private interface Attempt {
        void run() throws Exception;
    }

    private static void assertRefused(String why, Attempt attempt) {
        UserError refused = assertThrows(UserError.class, attempt::run);
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }
}
