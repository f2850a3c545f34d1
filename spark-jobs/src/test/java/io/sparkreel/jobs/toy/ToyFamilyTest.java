// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.toy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inference.InferenceRun;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.train.TrainingData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A family and a process that no file of the jobs names train, are evaluated, resume and sample as all others do. */
@Timeout(600)
class ToyFamilyTest {
    private static final String CODEC =
            "vae: {type: wavelet, levels: 2, temporal_factor: 4, bands: [Y-LL, Y-LL-T1, Cb-LL], scales: [2.0, 0.5, 0.5]}";
    private static final String MODEL = "model: {type: Toy, toy_width: 16}";
    private static final String PROCESS = "scheduler: {type: straight}";

    @TempDir
    static Path work;

    @BeforeAll
    static void bucket() throws Exception {
        Path media = work.resolve("media");
        BucketedMedia.copy(media, "plain.mp4", "vp9.webm", "hevc.mp4", "still.jpg");
        TrainingData.pictures(media, 5);
        BucketedMedia.run(BucketedMedia.config(
                media,
                work.resolve("data"),
                "resolutions: {tiny: {pixels: 1024, ratios: {\"1.00\": [32, 32]}}}",
                "bucket_config: {tiny: {1: [1.0, 2], 5: [1.0, 2]}}"));
    }

    private static void train(int steps, String... more) throws IOException {
        List<String> lines = new ArrayList<>(List.of(
                MODEL,
                CODEC,
                PROCESS,
                "epochs: 50",
                "max_steps: " + steps,
                "micro_batches_per_step: 2",
                "ckpt_every: 4",
                "lr: 1.0e-2",
                "eval_every: 4",
                "eval_fraction: 0.25",
                "sample_every: 4",
                "mask_ratios: {mask_no: 0.5, mask_image_head: 0.5}",
                "samples: {prompts: [a test], num_frames: 5, image_size: [32, 32], num_sampling_steps: 2}"));
        lines.addAll(List.of(more));
        TrainingData.train(
                TrainingData.config(work.resolve("data"), work.resolve("run"), lines.toArray(String[]::new)));
    }

    private static List<JsonNode> events(String event) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        for (String line : Files.readAllLines(work.resolve("run/log.jsonl"))) {
            JsonNode node = new ObjectMapper().readTree(line);
            if (node.path("event").asText().equals(event)) {
                events.add(node);
            }
        }
        return events;
    }

    private static int frames(Path file) throws Exception {
        try (MediaSource source = MediaSource.of(file)) {
            return MediaProbe.probe(source, ProbeOptions.DEFAULT).numFrames();
        }
    }

    @Test
    void itTrainsResumesAndSamples() throws Exception {
        train(4);
        train(12, "load: '" + work.resolve("run") + "'");
        List<JsonNode> steps = events("step");
        assertEquals(12, steps.size());
        for (JsonNode step : steps) {
            assertEquals(step.get("loss").asDouble(), step.get("velocity").asDouble(), 1e-9);
            assertFalse(step.has("mse") || step.has("vb"), step::toString);
        }
        assertTrue(
                steps.get(11).get("loss").asDouble() < steps.get(0).get("loss").asDouble(), steps::toString);
        List<JsonNode> evaluations = events("eval");
        assertFalse(evaluations.isEmpty());
        evaluations.forEach(line -> assertTrue(line.get("velocity").asDouble() > 0, line::toString));
        assertEquals(5, frames(work.resolve("run/samples/step-12/0.mp4")));
        try (Stream<Path> folders = Files.list(work.resolve("run"))) {
            Path checkpoint = folders.filter(folder -> folder.toString().endsWith("global_step12"))
                    .findFirst()
                    .orElseThrow();
            assertEquals(
                    "Toy",
                    new ObjectMapper()
                            .readTree(checkpoint.resolve("model/config.json").toFile())
                            .get("model_type")
                            .asText());
            assertEquals(
                    "straight",
                    new ObjectMapper()
                            .readTree(checkpoint.resolve("state.json").toFile())
                            .at("/process/type")
                            .asText());
        }

        Path out = work.resolve("out");
        InferenceConfig config = ConfigLoader.parse(
                        InferenceConfig.class, "test.yaml", """
                        %s
                        text_encoder: {type: hash, width: 8, model_max_length: 6}
                        dtype: fp32
                        scheduler: {type: euler, num_sampling_steps: 3, cfg_scale: 1.5}
                        model: {type: Toy, from_pretrained: '%s'}
                        num_frames: 9
                        image_size: [32, 32]
                        frame_interval: 1
                        prompt: [a test]
                        loop: 2
                        condition_frame_length: 1
                        save_dir: '%s'
                        """.formatted(CODEC, work.resolve("run"), out), List.of())
                .config();
        InferenceRun.prepare(config, new Configuration()).execute(LocalSpark.session(), 1, FolderLease.none());
        assertEquals(9 + 8, frames(out.resolve("sample_0.mp4")));
    }

    @Test
    void itsSectionsAreReadAsAllOthers() {
        refused("'model.toy_width'", "model: {type: Toy, toy_width: 0}");
        refused("unknown key 'model.toy_widht'", "model: {type: Toy, toy_widht: 3}");
        refused("Did you mean 'model.toy_width'", "model: {type: Toy, toy_widht: 3}");
        refused("unknown key 'model.hidden_size'", "model: {type: Toy, hidden_size: 3}");
        refused("unknown key 'scheduler.vb_weight'", "scheduler: {type: straight, vb_weight: 1.0}");
        String sampler = "sample_every: 2\nsamples: {prompts: [a test], num_frames: 5, sampler: ddim}";
        refused("'samples.sampler' is refused. Cannot sample with 'ddim'", sampler);
    }

    private static void refused(String expected, String... lines) {
        List<String> all = new ArrayList<>(List.of(CODEC));
        if (Stream.of(lines).noneMatch(line -> line.startsWith("model"))) {
            all.add(MODEL);
        }
        if (Stream.of(lines).noneMatch(line -> line.startsWith("scheduler"))) {
            all.add(PROCESS);
        }
        all.addAll(List.of(lines));
        UserError refused = assertThrows(
                UserError.class,
                () -> TrainingData.train(TrainingData.config(
                        work.resolve("data"), work.resolve("refused"), all.toArray(String[]::new))));
        assertTrue(refused.getMessage().contains(expected), refused.getMessage());
    }
}
