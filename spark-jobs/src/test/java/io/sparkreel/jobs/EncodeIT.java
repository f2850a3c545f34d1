// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.Launcher.Ended;
import io.sparkreel.jobs.Launcher.Incident;
import io.sparkreel.model.checkpoint.safetensors.HalfPrecision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The encode job with a tiny autoencoder and a tiny T5: killed and gone on with, in both precisions, and trained on. */
@Tag("slow")
@Timeout(1200)
class EncodeIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/encode-it");
    private static final Launcher LAUNCHER = new Launcher(ROOT, WORK);
    private static final Pattern THERE = Pattern.compile("(\\d+) of (\\d+) windows of clips are there");
    private static final int WINDOWS = 60;
    private static final int TEXT_WIDTH = 48;
    private static final int KILLED = 128 + 9;

    @BeforeAll
    static void bucket() throws Exception {
        LAUNCHER.begin();
        TinyWeights.textEncoder(WORK.resolve("t5"));
        TinyWeights.autoencoder(WORK.resolve("vae"));
        Path media = Files.createDirectories(WORK.resolve("media"));
        for (String name : List.of(
                "christmas-table.jpg",
                "city-train-zoom.mp4",
                "dog-doorway.mp4",
                "dog-floor-pan.mp4",
                "two-dogs-grass-pan.mp4")) {
            Path clip = ROOT.resolve("conf/quickstart/clips").resolve(name);
            String caption = name.replaceFirst("\\.\\w+$", ".txt");
            Files.copy(clip, media.resolve(name));
            Files.copy(clip.resolveSibling(caption), media.resolve(caption));
        }
        Path rule = Files.writeString(WORK.resolve("bucketing.yaml"), """
                resolutions: {48p: {pixels: 3072, ratios: {"0.75": [48, 64]}}}
                bucket_config: {48p: {1: [1.0, 1], 4: [1.0, 2]}}
                frame_interval: 1
                """);
        Launcher.assertDone(LAUNCHER.onCluster(
                "bucketing",
                "local[1]",
                "--config",
                rule.toString(),
                "--input",
                media.toString(),
                "--output",
                WORK.resolve("data").toString()));
        Files.writeString(WORK.resolve("train.yaml"), """
                dataset: {data_path: %1$s/data, frame_interval: 1, transform_name: resize_crop, temporal_windows: %2$d}
                vae: {type: VideoAutoencoderKL, from_pretrained: %1$s/vae, micro_batch_size: 2}
                text_encoder: {type: t5, from_pretrained: %1$s/t5, model_max_length: 12}
                model: {hidden_size: 48, depth: 2, num_heads: 2}
                dtype: fp32
                seed: 1
                epochs: 100
                max_steps: 4
                log_every: 1
                ckpt_every: 0
                micro_batches_per_step: 2
                lr: 1.0e-3
                """.formatted(WORK, WINDOWS));
    }

    private static Ended encode(String features, String type, Incident incident) throws Exception {
        return LAUNCHER.onCluster(
                "encode",
                "local[1]",
                incident,
                "--config",
                WORK.resolve("train.yaml").toString(),
                "--features",
                WORK.resolve(features).toString(),
                "--features-dtype",
                type);
    }

    private static int there(Ended ended) {
        Matcher found = THERE.matcher(ended.output());
        assertTrue(found.find(), ended.output());
        assertEquals(4 * WINDOWS + 1, Integer.parseInt(found.group(2)));
        return Integer.parseInt(found.group(1));
    }

    private static List<String> names(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    private static TreeSet<String> stems(Path folder) throws IOException {
        TreeSet<String> stems = new TreeSet<>();
        names(folder).forEach(name -> stems.add(name.substring(0, name.indexOf('.'))));
        return stems;
    }

    /** The numbers of each entry. */
    private static Map<String, float[]> entries(String features, boolean half) throws IOException {
        Path folder = WORK.resolve(features);
        Map<String, float[]> entries = new TreeMap<>();
        for (Row row : LocalSpark.session()
                .read()
                .parquet(folder.resolve("index").toString())
                .collectAsList()) {
            assertEquals(true, row.<Boolean>getAs("feature_varies"), "mean and log variance");
            int count = 2 * row.<Integer>getAs("feature_values") + TEXT_WIDTH * row.<Integer>getAs("feature_tokens");
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(folder.resolve(row.<String>getAs("feature_file"))))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .position((int) (long) row.<Long>getAs("feature_offset"));
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = half ? HalfPrecision.fromBf16(bytes.getShort()) : bytes.getFloat();
            }
            String key = row.getAs("clip_id") + " " + row.getAs("window") + " " + row.getAs("bucket_frames");
            assertEquals(null, entries.put(key, values), "once each");
        }
        return entries;
    }

    private static void assertSame(Map<String, float[]> expected, Map<String, float[]> found, double share) {
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((key, values) -> {
            assertEquals(values.length, found.get(key).length);
            for (int i = 0; i < values.length; i++) {
                assertEquals(values[i], found.get(key)[i], share * Math.abs(values[i]), key);
            }
        });
    }

    @Test
    void aKilledJobGoesOnAndEndsAsOneThatWasNot() throws Exception {
        Path killed = WORK.resolve("killed");
        Ended first = encode("killed", "fp32", (process, log) -> {
            while (process.isAlive()
                    && names(killed.resolve("index")).stream().allMatch(name -> name.startsWith("_"))) {
                Thread.sleep(5);
            }
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        });
        assertEquals(KILLED, first.code(), first.output());
        // What a process leaves that dies after it wrote a shard and while it writes the index.
        Files.writeString(killed.resolve("shards/orphan.safetensors"), "x");
        Files.writeString(killed.resolve("index/_orphan.parquet"), "x");

        Ended second = encode("killed", "fp32", Incident.NONE);
        Launcher.assertDone(second);
        assertTrue(there(second) > 0 && there(second) < 4 * WINDOWS, second.output());
        assertEquals(stems(killed.resolve("index")), stems(killed.resolve("shards")));
        Launcher.assertDone(encode("unbroken", "fp32", Incident.NONE));
        Map<String, float[]> unbroken = entries("unbroken", false);
        assertEquals(4 * WINDOWS + 1, unbroken.size());
        assertSame(unbroken, entries("killed", false), 0);

        List<String> before = names(killed.resolve("shards"));
        Ended third = encode("killed", "fp32", Incident.NONE);
        Launcher.assertDone(third);
        assertEquals(4 * WINDOWS + 1, there(third));
        assertEquals(before, names(killed.resolve("shards")), "nothing was left to do");

        Launcher.assertDone(encode("half", "bf16", Incident.NONE));
        assertSame(unbroken, entries("half", true), 1.0 / 256);

        List<Double> online = losses("online");
        assertEquals(4, online.size());
        assertClose(online, losses("stored", "--features", killed.toString()), 1e-4);
        List<Double> half =
                losses("stored-half", "--features", WORK.resolve("half").toString());
        assertClose(online, half, 2e-2);
        assertNotEquals(online, half);
    }

    private static void assertClose(List<Double> expected, List<Double> found, double share) {
        assertEquals(expected.size(), found.size());
        for (int step = 0; step < expected.size(); step++) {
            assertEquals(expected.get(step), found.get(step), share * expected.get(step), "loss of step " + step);
        }
    }

    private static List<Double> losses(String run, String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--config",
                WORK.resolve("train.yaml").toString(),
                "--outputs",
                WORK.resolve(run).toString()));
        arguments.addAll(List.of(more));
        Launcher.assertDone(LAUNCHER.onCluster("train", "local[1]", arguments.toArray(String[]::new)));
        List<Double> losses = new ArrayList<>();
        for (String line : Files.readAllLines(WORK.resolve(run).resolve("log.jsonl"))) {
            JsonNode node = new ObjectMapper().readTree(line);
            if (node.path("event").asText().equals("step")) {
                losses.add(node.get("loss").asDouble());
            }
        }
        return losses;
    }
}
