// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.encode.EncodeRun;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inference.InferenceRun;
import io.sparkreel.jobs.storage.FolderLease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Training, stored features and long videos with a codec that makes one latent frame of four frames. */
@Timeout(600)
class TemporalCodecTest {
    private static final String CODEC =
            "vae: {type: wavelet, levels: 2, temporal_factor: 4, bands: [Y-LL, Y-LL-T1, Cb-LL], scales: [2.0, 0.5, 0.5]}";

    @TempDir
    static Path work;

    @BeforeAll
    static void bucket() throws Exception {
        Path media = work.resolve("media");
        BucketedMedia.copy(media, "plain.mp4", "vp9.webm", "still.jpg");
        TrainingData.pictures(media, 3);
        bucket("data", 5, media);
        bucket("illegal", 4, media);
    }

    private static void bucket(String folder, int frames, Path media) throws IOException {
        BucketedMedia.run(BucketedMedia.config(
                media,
                work.resolve(folder),
                "resolutions: {tiny: {pixels: 1024, ratios: {\"1.00\": [32, 32]}}}",
                "bucket_config: {tiny: {1: [1.0, 2], " + frames + ": [1.0, 2]}}"));
    }

    private static String dataset(String data, String more) {
        return "dataset: {data_path: '" + work.resolve(data) + "', transform_name: resize_crop, features_dtype: fp32"
                + more + "}";
    }

    private static TreeMap<Long, Double> train(String run, String more) throws IOException {
        TrainingData.train(TrainingData.config(
                work.resolve("data"),
                work.resolve(run),
                CODEC,
                "epochs: 2",
                "micro_batches_per_step: 2",
                "ckpt_every: 1",
                "sample_every: 2",
                "samples: {prompts: [a test], num_frames: 9, image_size: [32, 32], num_sampling_steps: 2}",
                "mask_ratios: {mask_no: 0.5, mask_image_head: 0.5}",
                dataset("data", more)));
        return TrainingData.losses(work.resolve(run));
    }

    private static int frames(Path file) throws Exception {
        try (MediaSource source = MediaSource.of(file)) {
            return MediaProbe.probe(source, ProbeOptions.DEFAULT).numFrames();
        }
    }

    @Test
    void clipsAreTrainedOnStoredAndGenerated() throws Exception {
        TreeMap<Long, Double> online = train("online", ", temporal_windows: 2");
        assertTrue(online.size() >= 4, online::toString);
        online.forEach((step, loss) -> assertTrue(Double.isFinite(loss), "loss of step " + step));
        assertEquals(9, frames(work.resolve("online/samples/step-2/0.mp4")));

        Path features = work.resolve("features");
        EncodeRun.prepare(
                        TrainingData.config(
                                work.resolve("data"),
                                work,
                                CODEC,
                                dataset("data", ", temporal_windows: 2, features: '" + features + "'")),
                        new Configuration())
                .execute(LocalSpark.session(), 1, FolderLease.none());
        List<Row> values = LocalSpark.session()
                .read()
                .parquet(features.resolve("index").toString())
                .where("bucket_frames = 5")
                .select("feature_values")
                .collectAsList();
        assertEquals(
                List.of(3 * 2 * 8 * 8),
                values.stream().map(row -> row.getInt(0)).distinct().toList());
        TreeMap<Long, Double> stored = train("stored", ", features: '" + features + "'");
        assertEquals(online.keySet(), stored.keySet());
        online.forEach((step, loss) -> assertEquals(loss, stored.get(step), 1e-4 * loss, "loss of step " + step));

        Path out = work.resolve("out");
        infer(out, "decoded");
        // Two loops of 9 frames, of which the second begins with the last 5 of the first, 2 latent frames.
        assertEquals(9 + 9 - 5, frames(out.resolve("sample_0.mp4")));
        Row result = LocalSpark.session().read().parquet(out + "/results").head();
        assertEquals(13, result.<Integer>getAs("num_frames"));
        assertEquals("ok", result.getAs("status"));
    }

    /** Videos of two loops, conditioned on the second latent frame of a video. */
    private static void infer(Path out, String carry) throws IOException {
        Path reference = work.resolve("media/plain.mp4");
        InferenceConfig config = ConfigLoader.parse(
                        InferenceConfig.class,
                        "test.yaml",
                        """
                        %s
                        text_encoder: {type: hash, width: 8, model_max_length: 6}
                        dtype: fp32
                        scheduler: {num_sampling_steps: 2, cfg_scale: 1.5}
                        model: {from_pretrained: '%s'}
                        num_frames: 9
                        image_size: [32, 32]
                        frame_interval: 1
                        prompt: [a test]
                        reference_path: ['%s']
                        mask_strategy: ['0,0,1,1,2']
                        loop: 2
                        condition_frame_length: 2
                        carry: %s
                        save_dir: '%s'
                        """.formatted(CODEC, work.resolve("online"), reference, carry, out),
                        List.of())
                .config();
        InferenceRun.prepare(config, new Configuration()).execute(LocalSpark.session(), 1, FolderLease.none());
    }

    @Test
    void otherLengthsAreRefusedBeforeAnyWork() {
        UserError refused = assertThrows(
                UserError.class,
                () -> TrainingData.train(TrainingData.config(
                        work.resolve("illegal"), work.resolve("x"), CODEC, dataset("illegal", ""))));
        assertTrue(refused.getMessage().contains("clips of 4 frames"), refused.getMessage());
        assertTrue(refused.getMessage().contains("Choose 5 frames"), refused.getMessage());
        assertTrue(Files.notExists(work.resolve("x/plan")));
    }
}
