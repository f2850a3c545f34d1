// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.jobs.Launcher;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The three jobs with every path on an object store that is busy, drops connections and is slow. One set of runs
 * serves all assertions; what the jobs have left is read from the store's own files.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class S3aIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/s3a-it");
    private static final String TWO_EXECUTORS = "local-cluster[2,1,1536]";
    private static final int CHECKPOINT_AT = 2;
    private static final int STEPS = 3;

    private static ObjectStore store;
    private static Launcher launcher;
    private static String jars;

    @BeforeAll
    static void startTheStore() throws Exception {
        Map<String, String> environment = new HashMap<>(ObjectStore.environment());
        environment.put("SPARKREEL_CACHE", WORK.resolve("cache").toString());
        launcher = new Launcher(ROOT, WORK, environment);
        launcher.begin();
        store = new ObjectStore(WORK, new FaultProxy.Faults(0.10, 0.02, 0.03), 11);
        Launcher.Ended fetched = launcher.launch("fetch-s3a", List.of());
        Launcher.assertDone(fetched);
        jars = fetched.output().lines().reduce((first, last) -> last).orElseThrow();
        copy(ROOT.resolve("conf/quickstart/clips"), "clips");
        copy(ROOT.resolve("conf/quickstart"), "conf");
    }

    @AfterAll
    static void stopTheStore() throws Exception {
        if (store != null) {
            store.close();
        }
    }

    private static void copy(Path folder, String key) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                store.put(key + "/" + file.getFileName(), Files.readAllBytes(file));
            }
        }
    }

    private static Launcher.Ended run(String job, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(store.options());
        all.addAll(List.of("--jars", jars));
        all.addAll(List.of(arguments));
        Launcher.Ended ended = launcher.onCluster(job, TWO_EXECUTORS, all.toArray(String[]::new));
        Launcher.assertDone(ended);
        return ended;
    }

    private static List<Row> table(String key) {
        return LocalSpark.session().read().parquet(store.file(key).toString()).collectAsList();
    }

    private static Path only(String folder, String name) throws IOException {
        try (Stream<Path> files = Files.walk(store.file(folder))) {
            return files.filter(file -> file.getFileName().toString().equals(name))
                    .reduce((first, other) -> {
                        throw new AssertionError("two files " + name + " below " + folder);
                    })
                    .orElseThrow(() -> new AssertionError("no file " + name + " below " + folder));
        }
    }

    @Test
    @Order(1)
    void bucketing() throws Exception {
        int before = store.proxy.ranged();
        run(
                "bucketing",
                "--config",
                ObjectStore.uri("conf/bucketing.yaml"),
                "--input",
                ObjectStore.uri("clips"),
                "--output",
                ObjectStore.uri("data"));
        assertTrue(store.proxy.ranged() - before >= 13, "media files are read by ranges");
        assertEquals(11, table("data/clips").size());
        assertEquals(
                Set.of("not_media", "truncated"),
                table("data/quarantine").stream()
                        .map(row -> row.<String>getAs("reason"))
                        .collect(Collectors.toSet()));
        assertEquals(11, table("data/shards").size());
        assertTrue(table("data/clips").stream()
                .allMatch(row -> row.<String>getAs("uri").startsWith("s3a://" + ObjectStore.BUCKET + "/clips/")));
        assertEquals(
                11,
                new ObjectMapper()
                        .readTree(store.file("data/manifest.json").toFile())
                        .get("clips")
                        .asInt());
        assertTrue(Files.size(store.file("data/report.html")) > 1000);
    }

    /** A rename would have left a job's folder of attempts, and an empty marker. */
    @Test
    @Order(2)
    void tablesAreCommittedWithoutARename() throws Exception {
        for (String table : List.of("clips", "quarantine", "shards")) {
            JsonNode marker = new ObjectMapper()
                    .readTree(only("data/" + table, "_SUCCESS").toFile());
            assertEquals("magic", marker.get("committer").asText(), table);
        }
        assertNothingIsLeftOfAttempts("data");
    }

    private static void assertNothingIsLeftOfAttempts(String folder) throws IOException {
        try (Stream<Path> files = Files.walk(store.file(folder))) {
            assertEquals(
                    List.of(),
                    files.filter(Files::isRegularFile)
                            .map(Path::toString)
                            .filter(file ->
                                    file.contains("_temporary") || file.contains("__magic") || file.endsWith(".tmp"))
                            .toList());
        }
    }

    @Test
    @Order(3)
    void trainingAndGoingOnFromACheckpoint() throws Exception {
        train("max_steps=" + CHECKPOINT_AT);
        Launcher.Ended resumed = train("max_steps=" + STEPS, "load=" + ObjectStore.uri("run"));
        assertTrue(resumed.output().contains("step " + STEPS + "/" + STEPS), resumed.output());
        assertFalse(resumed.output().contains("step " + CHECKPOINT_AT + "/"), resumed.output());
        for (int step : List.of(CHECKPOINT_AT, STEPS)) {
            Path checkpoint = checkpoint(step);
            for (JsonNode file : new ObjectMapper()
                    .readTree(checkpoint.resolve("manifest.json").toFile())
                    .get("files")) {
                assertEquals(
                        file.get("bytes").asLong(),
                        Files.size(checkpoint.resolve(file.get("path").asText())));
            }
            SafetensorsReader.open(checkpoint.resolve("ema/model.safetensors")).close();
        }
        Set<Integer> steps = new TreeSet<>();
        for (String line : Files.readAllLines(store.file("run/log.jsonl"))) {
            JsonNode node = new ObjectMapper().readTree(line);
            if (node.get("event").asText().equals("step")) {
                steps.add(node.get("step").asInt());
            }
        }
        assertEquals(Set.of(1, 2, 3), steps);
        assertTrue(Files.readString(store.file("run/config.yaml")).contains(ObjectStore.uri("data")));
        assertNothingIsLeftOfAttempts("run");
    }

    private static Launcher.Ended train(String... settings) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--config",
                ObjectStore.uri("conf/train.yaml"),
                "--data-path",
                ObjectStore.uri("data"),
                "--outputs",
                ObjectStore.uri("run"),
                "--set",
                "log_every=1",
                "--set",
                "keep_last=null",
                "--set",
                "model.hidden_size=96",
                "--set",
                "model.depth=2"));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        return run("train", arguments.toArray(String[]::new));
    }

    private static Path checkpoint(int step) throws IOException {
        try (Stream<Path> folders = Files.list(store.file("run"))) {
            return folders.filter(folder -> folder.toString().endsWith("global_step" + step))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    @Order(4)
    void inferenceFromPublishedWeightsPromptsAndReferences() throws Exception {
        store.put("prompts.jsonl", """
                {"prompt": "A dog in the grass.", "sample_name": "dog", "num_frames": 4, "image_size": [64, 64]}
                {"prompt": "A train.", "sample_name": "train", "num_frames": 4, "image_size": [64, 64], \
                "reference_path": "%s", "mask_strategy": "0"}
                """.formatted(ObjectStore.uri("clips/city-train.jpg"))
                .getBytes(StandardCharsets.UTF_8));
        // A folder of weights such as others publish, which the executors copy to their node before they map it.
        String weights = ObjectStore.uri("run/" + checkpoint(STEPS).getFileName() + "/ema");
        run(
                "inference",
                "--config",
                ObjectStore.uri("conf/inference.yaml"),
                "--ckpt-path",
                weights,
                "--prompt-path",
                ObjectStore.uri("prompts.jsonl"),
                "--save-dir",
                ObjectStore.uri("videos"),
                "--num-sampling-steps",
                "2",
                "--set",
                "mask_strategy_dialect=loop-first",
                "--set",
                "scheduler.predict_xstart=true");
        List<Row> results = table("videos/results");
        assertEquals(2, results.size());
        for (Row result : results) {
            assertEquals("ok", result.getAs("status"), result.toString());
            String uri = result.getAs("uri");
            assertTrue(uri.startsWith(ObjectStore.uri("videos/")), uri);
            Path clip = store.file(uri.substring(ObjectStore.uri("").length()));
            try (MediaSource source = MediaSource.of(clip)) {
                MediaInfo info = MediaProbe.probe(source, ProbeOptions.DEFAULT);
                assertEquals("64x64x4", info.width() + "x" + info.height() + "x" + info.numFrames());
            }
        }
        assertTrue(Files.exists(store.file("videos/contact-sheet.html")));
        assertNothingIsLeftOfAttempts("videos");
    }

    @Test
    @Order(5)
    void thereWereFaultsAndNoSecretIsInAnyLog() throws IOException {
        String seen = store.proxy.requests() + " requests, " + store.proxy.busyAnswers() + " times 503, "
                + store.proxy.resets() + " resets, " + store.proxy.slowAnswers() + " slow answers";
        assertTrue(
                store.proxy.busyAnswers() > store.proxy.requests() / 20
                        && store.proxy.resets() > 5
                        && store.proxy.slowAnswers() > 5,
                seen);
        Files.writeString(WORK.resolve("faults.txt"), seen + "\n");
        try (Stream<Path> files = Files.walk(WORK)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith("s3proxy.properties")) {
                    assertFalse(
                            new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                                    .contains(ObjectStore.secret()),
                            file + " has the secret key");
                }
            }
        }
    }
}
