// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.reader.SectionWriter;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.model.autoencoder.AutoencoderKlConfig;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every configuration that comes with the project. */
class ConfigurationFilesTest {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));

    static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT.resolve("conf"))) {
            return files.filter(file -> file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
        }
    }

    private static Class<? extends Record> typeOf(Path file) {
        String place = file.getParent().getFileName() + "/" + file.getFileName();
        if (place.startsWith("bucketing/") || place.startsWith("examples/") || place.endsWith("/bucketing.yaml")) {
            return BucketingConfig.class;
        }
        if (place.startsWith("curate/") || place.endsWith("/curate.yaml")) {
            return CurateConfig.class;
        }
        return place.startsWith("inference/") || place.endsWith("/inference.yaml")
                ? InferenceConfig.class
                : TrainingConfig.class;
    }

    @ParameterizedTest
    @MethodSource("files")
    void readsBackAsItWasWrittenOut(Path file) {
        LoadedConfig<? extends Record> loaded = ConfigLoader.load(typeOf(file), file, List.of());

        Record again = ConfigLoader.parse(typeOf(file), "config.yaml", loaded.yaml(), List.of())
                .config();

        assertEquals(loaded.config(), again);
        assertEquals(List.of(), loaded.notices());
    }

    @ParameterizedTest
    @MethodSource("files")
    void travelsToExecutors(Path file) throws Exception {
        Record config = ConfigLoader.load(typeOf(file), file, List.of()).config();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(config);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertEquals(config, in.readObject());
        }
    }

    @Test
    void coversEveryJobAndStage() throws IOException {
        List<String> names = files().stream()
                .map(file -> ROOT.resolve("conf").relativize(file).toString())
                .toList();
        for (String expected : List.of(
                "bucketing/stage1.yaml",
                "bucketing/stage2.yaml",
                "bucketing/stage3.yaml",
                "train/stage1.yaml",
                "train/stage2.yaml",
                "train/stage3.yaml",
                "inference/sample.yaml",
                "inference/sample-ref.yaml",
                "quickstart/bucketing.yaml",
                "quickstart/train.yaml",
                "quickstart/inference.yaml")) {
            assertTrue(names.contains(expected), expected);
        }
    }

    /** The published tables, as the golden data hold them. */
    @Test
    @Golden
    void bucketTablesAreThePublishedOnes(GoldenData golden) {
        JsonNode published = golden.json("buckets.json").get("configs");
        int compared = 0;
        for (String stage : List.of("stage1", "stage2", "stage3")) {
            if (published.has(stage)) {
                BucketingConfig config = bucketing(stage);
                JsonNode ours = SectionWriter.write(config).get("bucket_config");
                assertEquals(published.get(stage).get("config"), ours, stage);
                compared++;
            }
        }
        assertTrue(compared > 0, "no published stage");
    }

    @Test
    void stageThreeAndItsTraining() {
        BucketingConfig buckets = bucketing("stage3");
        assertEquals(new BucketLevel(0.8, 4), buckets.bucketConfig().get("256").get(128));
        assertEquals(
                new BucketLevel(0.0, null), buckets.bucketConfig().get("720p").get(96));
        assertEquals(3, buckets.frameInterval());
        TrainingConfig training = ConfigLoader.load(
                        TrainingConfig.class, ROOT.resolve("conf/train/stage3.yaml"), List.of())
                .config();
        assertTrue(training.gradCheckpoint());
        assertEquals(2.0e-5, training.optimizer().lr());
        assertEquals(
                1.0,
                training.maskRatios().values().stream()
                        .mapToDouble(Double::doubleValue)
                        .sum(),
                1e-9);
        assertEquals(new AutoencoderKlConfig("stabilityai/sd-vae-ft-ema", true, 4), training.vae());
        assertEquals(new T5Config("DeepFloyd/t5-v1_1-xxl", true, false, 200), training.textEncoder());
        assertFalse(ConfigLoader.load(TrainingConfig.class, ROOT.resolve("conf/train/stage1.yaml"), List.of())
                .config()
                .gradCheckpoint());
    }

    private static BucketingConfig bucketing(String stage) {
        Path file = ROOT.resolve("conf/bucketing/" + stage + ".yaml");
        return ConfigLoader.load(BucketingConfig.class, file, List.of()).config();
    }
}
