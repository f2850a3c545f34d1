// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Jobs, each in a process of its own, with a tiny T5 and a tiny autoencoder in the layout of the Hugging Face hub. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("slow")
class PublishedWeightsIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    @TempDir
    private static Path work;

    /** The text encoder as a local folder, the autoencoder as a hub id in the hub's cache. */
    @BeforeAll
    static void publish() throws IOException {
        TinyWeights.textEncoder(work.resolve("t5"));
        Path repository = work.resolve("hub/hub/models--lab--vae");
        TinyWeights.autoencoder(repository.resolve("snapshots/" + COMMIT));
        Files.createDirectories(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs/main"), COMMIT);
        Path media = Files.createDirectories(work.resolve("media"));
        for (String name : List.of("christmas-table", "city-train", "two-dogs-grass")) {
            Files.copy(ROOT.resolve("conf/quickstart/clips/" + name + ".jpg"), media.resolve(name + ".jpg"));
            Files.copy(ROOT.resolve("conf/quickstart/clips/" + name + ".txt"), media.resolve(name + ".txt"));
        }
    }

    private static String run(int code, String job, String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse("java")));
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
        command.addAll(List.of(
                "-Xmx1g",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Dspark.master=local[1]",
                "-Dspark.ui.enabled=false",
                "-cp",
                System.getProperty("java.class.path"),
                "io.sparkreel.jobs." + job));
        command.addAll(List.of(arguments));
        Path log = Files.createTempFile(work, job, ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("HF_HOME", work.resolve("hub").toString());
        builder.environment().put("HF_ENDPOINT", "http://127.0.0.1:1"); // nobody answers there
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
        builder.environment().put("DJL_OFFLINE", "true");
        Process process = builder.start();
        if (!process.waitFor(180, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(job + " did not end in time:\n" + Files.readString(log));
        }
        assertEquals(code, process.exitValue(), Files.readString(log));
        return Files.readString(log);
    }

    private static String write(String name, String yaml) throws IOException {
        return Files.writeString(work.resolve(name), yaml).toString();
    }

    private static String components() {
        return """
                vae: {type: VideoAutoencoderKL, from_pretrained: lab/vae, micro_batch_size: 2}
                text_encoder: {type: t5, from_pretrained: %s, model_max_length: 12}
                """.formatted(work.resolve("t5"));
    }

    private static String train(int code, String run, String... more) throws Exception {
        String config = write("train.yaml", components() + """
                dataset: {frame_interval: 1, transform_name: resize_crop}
                model: {hidden_size: 48, depth: 2, num_heads: 2}
                seed: 1
                epochs: 100
                max_steps: 3
                log_every: 1
                ckpt_every: 0
                micro_batches_per_step: 2
                lr: 1.0e-3
                """);
        List<String> arguments = new ArrayList<>(
                List.of("--config", config, "--data-path", work + "/data", "--outputs", work + "/" + run));
        arguments.addAll(List.of(more));
        return run(code, "TrainingJob", arguments.toArray(String[]::new));
    }

    private static List<Double> losses(String run) throws IOException {
        List<Double> losses = new ArrayList<>();
        for (String line : Files.readAllLines(work.resolve(run + "/log.jsonl"))) {
            JsonNode node = new ObjectMapper().readTree(line);
            if (node.path("event").asText().equals("step")) {
                losses.add(node.get("loss").asDouble());
            }
        }
        return losses;
    }

    @Test
    @Order(1)
    void trainsOnFeaturesAndLatentsOfPublishedWeights() throws Exception {
        String bucketing = write("bucketing.yaml", """
                resolutions: {48p: {pixels: 3072, ratios: {"0.75": [48, 64]}}}
                bucket_config: {48p: {1: [1.0, 2]}}
                frame_interval: 1
                """);
        run(0, "BucketingJob", "--config", bucketing, "--input", work + "/media", "--output", work + "/data");
        train(0, "fp32", "--set", "dtype=fp32");
        train(0, "half", "--set", "text_encoder.shardformer=true");
        train(0, "speed", "--set", "dtype=fp32", "--set", "scheduler.type=iddpm-speed");
        List<Double> fp32 = losses("fp32");
        List<Double> half = losses("half");
        assertEquals(3, fp32.size());
        for (int step = 0; step < 3; step++) {
            assertEquals(fp32.get(step), half.get(step), 0.03 * fp32.get(step), "bf16 is fp32 with fewer digits");
        }
        assertNotEquals(fp32, half);
        assertTrue(Math.abs(fp32.get(0) - losses("speed").get(0)) > 1e-3, "other timesteps have other losses");
        try (SafetensorsReader weights =
                SafetensorsReader.open(checkpoint("fp32").resolve("ema/model.safetensors"))) {
            assertEquals(
                    "[12, 48]",
                    java.util.Arrays.toString(
                            weights.tensors().get("y_embedder.y_embedding").shape()));
            assertEquals(
                    "[48, 4, 1, 2, 2]",
                    java.util.Arrays.toString(
                            weights.tensors().get("x_embedder.proj.weight").shape()));
        }
    }

    private static Path checkpoint(String run) throws IOException {
        try (Stream<Path> folders = Files.list(work.resolve(run))) {
            return folders.filter(folder -> folder.getFileName().toString().startsWith("epoch"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static byte[] sample(String type, Path weights, String... more) throws Exception {
        String config = write("sample.yaml", components() + """
                num_frames: 1
                frame_interval: 1
                fps: 24
                image_size: [48, 64]
                model: {}
                scheduler: {num_sampling_steps: 4, cfg_scale: 3.0}
                prompt: ["A train in the city."]
                """);
        Path videos = Files.createTempDirectory(work, type);
        List<String> arguments = new ArrayList<>(List.of(
                "--config",
                config,
                "--ckpt-path",
                weights.toString(),
                "--save-dir",
                videos.toString(),
                "--set",
                "scheduler.type=" + type));
        arguments.addAll(List.of(more));
        run(0, "InferenceJob", arguments.toArray(String[]::new));
        try (Stream<Path> files = Files.walk(videos)) {
            return Files.readAllBytes(files.filter(file -> file.toString().endsWith(".png"))
                    .findFirst()
                    .orElseThrow());
        }
    }

    @Test
    @Order(2)
    void samplesAlikeFromACheckpointAndFromTheFolderPublishedOfIt() throws Exception {
        byte[] fromRun = sample("dpm-solver", work.resolve("fp32"), "--set", "dtype=fp32");
        TreeSet<String> others = new TreeSet<>();
        others.add(java.util.Base64.getEncoder().encodeToString(fromRun));
        Path folder = checkpoint("fp32").resolve("ema");
        assertEquals(
                others.first(),
                java.util.Base64.getEncoder().encodeToString(sample("dpm-solver", folder, "--set", "dtype=fp32")));
        others.add(java.util.Base64.getEncoder().encodeToString(sample("ddim", folder, "--set", "dtype=fp32")));
        assertEquals(2, others.size(), "each sampler has its own result");
    }

    @Test
    @Order(3)
    void firstWeightsBringTheirSizesAlong() throws Exception {
        Path folder = checkpoint("fp32").resolve("model");
        train(
                0,
                "tuned",
                "--ckpt-path",
                folder.toString(),
                "--set",
                "model.hidden_size=96",
                "--set",
                "text_encoder.model_max_length=16",
                "--set",
                "dtype=fp32");
        assertTrue(losses("tuned").get(0) < losses("fp32").get(0), "it goes on learning, and does not begin");
        String refused = train(2, "absent", "--set", "vae.from_pretrained=lab/absent");
        assertTrue(refused.contains("Cannot find weights lab/absent") && refused.contains("local_files_only"), refused);
        String unreachable =
                train(2, "absent", "--set", "vae.from_pretrained=lab/absent", "--set", "vae.local_files_only=false");
        assertTrue(unreachable.contains("Cannot download http://127.0.0.1:1/api/models/lab/absent"), unreachable);
    }
}
