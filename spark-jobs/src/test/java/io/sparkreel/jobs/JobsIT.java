// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The three jobs as a user runs them: the launchers, the application jar, and executors in processes of their own.
 * One set of runs serves all assertions.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class JobsIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path CLIPS = ROOT.resolve("conf/quickstart/clips");
    private static final Path WORK = ROOT.resolve("target/jobs-it");
    private static final Path DATA = WORK.resolve("data");
    private static final int STEPS = 20;
    private static final int CHECKPOINT_AT = 12;
    private static final String TWO_EXECUTORS = "local-cluster[2,1,1536]";
    private static final String ONE_EXECUTOR = "local-cluster[1,1,1536]";
    private static final Launcher LAUNCHER = new Launcher(ROOT, WORK);

    @BeforeAll
    static void clean() throws IOException {
        LAUNCHER.begin();
    }

    private static List<Row> table(String path) {
        return LocalSpark.session().read().parquet(path).collectAsList();
    }

    @Test
    @Order(1)
    void bucketingReadsTheClipsAndPutsTheBrokenOnesAside() throws Exception {
        Launcher.assertDone(LAUNCHER.onCluster(
                "bucketing",
                TWO_EXECUTORS,
                "--config",
                ROOT + "/conf/quickstart/bucketing.yaml",
                "--input",
                CLIPS.toString(),
                "--output",
                DATA.toString()));
        List<Row> clips = table(DATA + "/clips");
        assertEquals(11, clips.size());
        Map<String, String> shapes = new TreeMap<>();
        clips.forEach(row -> shapes.put(
                name(row.getAs("uri")),
                row.<Integer>getAs("width") + "x" + row.<Integer>getAs("height") + "x"
                        + row.<Integer>getAs("num_frames")));
        // What ffprobe -count_packets says.
        assertEquals(
                Map.ofEntries(
                        Map.entry("circuit-board-tilt.mp4", "360x640x60"),
                        Map.entry("city-train-zoom.mp4", "640x480x51"),
                        Map.entry("dog-doorway-portrait.mp4", "304x540x46"),
                        Map.entry("dog-doorway-square.mp4", "432x432x46"),
                        Map.entry("dog-doorway.mp4", "960x540x46"),
                        Map.entry("dog-floor-pan.mp4", "426x240x100"),
                        Map.entry("two-dogs-grass-pan.mp4", "854x480x75"),
                        Map.entry("two-dogs-roots-zoom.webm", "640x360x60"),
                        Map.entry("christmas-table.jpg", "768x576x1"),
                        Map.entry("city-train.jpg", "1280x960x1"),
                        Map.entry("two-dogs-grass.jpg", "1024x768x1")),
                shapes);
        assertTrue(clips.stream().noneMatch(row -> row.<String>getAs("caption").isEmpty()));

        Map<String, String> aside = new TreeMap<>();
        table(DATA + "/quarantine").forEach(row -> aside.put(name(row.getAs("uri")), row.getAs("reason")));
        assertEquals(Map.of("broken-text.mp4", "not_media", "broken-truncated.mp4", "truncated"), aside);

        List<Row> shards = table(DATA + "/shards");
        assertEquals(11, shards.size());
        // The largest frame count that, times the interval of 6, the clip is longer than.
        Map<Integer, Integer> framesOfLength = Map.of(1, 1, 46, 7, 51, 8, 60, 9, 75, 12, 100, 16);
        shards.forEach(row -> assertEquals(
                framesOfLength.get(row.<Integer>getAs("num_frames")), row.<Integer>getAs("bucket_frames")));
        assertEquals(
                11,
                new ObjectMapper()
                        .readTree(DATA.resolve("manifest.json").toFile())
                        .get("clips")
                        .asInt());
    }

    private static String name(String uri) {
        return uri.substring(uri.lastIndexOf('/') + 1);
    }

    private static Launcher.Ended train(String master, Path run, String... more) throws Exception {
        return train(master, run, Launcher.Incident.NONE, more);
    }

    private static Launcher.Ended train(String master, Path run, Launcher.Incident incident, String... more)
            throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--config",
                ROOT + "/conf/quickstart/train.yaml",
                "--data-path",
                DATA.toString(),
                "--outputs",
                run.toString(),
                "--set",
                "max_steps=" + STEPS,
                "--set",
                "log_every=1",
                "--set",
                "ckpt_every=" + CHECKPOINT_AT,
                "--set",
                "keep_last=null",
                "--set",
                "model.hidden_size=96",
                "--set",
                "model.depth=2"));
        arguments.addAll(List.of(more));
        return LAUNCHER.onCluster("train", master, incident, arguments.toArray(String[]::new));
    }

    private static Map<Integer, Double> losses(Path run) throws IOException {
        Map<Integer, Double> losses = new TreeMap<>();
        for (String line : Files.readAllLines(run.resolve("log.jsonl"))) {
            JsonNode node = new ObjectMapper().readTree(line);
            if (node.get("event").asText().equals("step")) {
                losses.put(node.get("step").asInt(), node.get("loss").asDouble());
            }
        }
        return losses;
    }

    private static void assertSameLosses(Map<Integer, Double> expected, Map<Integer, Double> actual, int from) {
        for (int step = from; step <= STEPS; step++) {
            assertEquals(expected.get(step), actual.get(step), 1e-5 * expected.get(step), "loss of step " + step);
        }
    }

    @Test
    @Order(2)
    void twoExecutorsTrainAsOneDoes() throws Exception {
        Path two = WORK.resolve("two");
        Path one = WORK.resolve("one");
        Launcher.Ended ended = train(TWO_EXECUTORS, two);
        Launcher.assertDone(ended);
        assertTrue(ended.output().contains("2 ranks"), ended.output());
        Launcher.assertDone(train(ONE_EXECUTOR, one));
        assertEquals(STEPS, losses(two).size());
        assertSameLosses(losses(one), losses(two), 1);
    }

    @Test
    @Order(3)
    void aRunGoesOnFromItsCheckpoint() throws Exception {
        Path two = WORK.resolve("two");
        Path checkpoint = checkpoint(two, CHECKPOINT_AT);
        try (SafetensorsReader weights = SafetensorsReader.open(checkpoint.resolve("ema/model.safetensors"))) {
            assertEquals(
                    List.of(96L, 6L, 1L, 2L, 2L),
                    java.util.Arrays.stream(weights.tensors()
                                    .get("x_embedder.proj.weight")
                                    .shape())
                            .boxed()
                            .toList());
        }
        Path resumed = WORK.resolve("resumed");
        List<String> options = new ArrayList<>(List.of("--load", checkpoint.toString()));
        Path counts = WORK.resolve("read-by-training");
        options.addAll(CountingDisk.options(counts));
        Launcher.assertDone(train(TWO_EXECUTORS, resumed, options.toArray(String[]::new)));
        assertEquals(CHECKPOINT_AT + 1, losses(resumed).keySet().iterator().next());
        assertSameLosses(losses(two), losses(resumed), CHECKPOINT_AT + 1);
        assertResumeReadsEachFileOnceOnTheDriverAndOnceOnEachRank(counts, checkpoint);
    }

    /** The ranks do not read the rotary frequencies, which follow from the sizes of the model. */
    private static void assertResumeReadsEachFileOnceOnTheDriverAndOnceOnEachRank(Path counts, Path checkpoint)
            throws IOException {
        Map<String, Long> whole = tensorFiles(checkpoint);
        assertEquals(4, whole.size()); // the weights, their EMA, and the moments that two ranks wrote
        Map<String, Long> needed = new TreeMap<>(whole);
        for (String weights : List.of("model/model.safetensors", "ema/model.safetensors")) {
            try (SafetensorsReader tensors = SafetensorsReader.open(checkpoint.resolve(weights))) {
                needed.merge(weights, -tensors.tensors().get("rope.freqs").byteLength(), Long::sum);
            }
        }
        Map<String, Map<String, Long>> read = CountingDisk.read(counts, checkpoint);
        assertEquals(Set.of("driver", "0", "1"), read.keySet());
        assertEquals(whole, tensorsAlone(read.get("driver")));
        assertEquals(needed, tensorsAlone(read.get("0")));
        assertEquals(needed, tensorsAlone(read.get("1")));
    }

    /** Bytes of the files of tensors of a checkpoint. */
    private static Map<String, Long> tensorFiles(Path checkpoint) throws IOException {
        Map<String, Long> sizes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(checkpoint)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (file.toString().endsWith(".safetensors")) {
                    sizes.put(checkpoint.relativize(file).toString(), Files.size(file));
                }
            }
        }
        return sizes;
    }

    private static Map<String, Long> tensorsAlone(Map<String, Long> read) {
        Map<String, Long> tensors = new TreeMap<>(read);
        tensors.keySet().removeIf(file -> !file.endsWith(".safetensors"));
        return tensors;
    }

    @Test
    @Order(4)
    void aKilledExecutorCostsNoStep() throws Exception {
        Path killed = WORK.resolve("killed");
        Launcher.Ended ended = train(
                TWO_EXECUTORS,
                killed,
                (process, log) -> {
                    while (process.isAlive() && !Files.readString(log).contains("checkpoint ")) {
                        Thread.sleep(50);
                    }
                    assertTrue(Launcher.executors(process).get(0).destroyForcibly());
                },
                "--set",
                "ckpt_every=2",
                "--conf",
                "spark.executor.heartbeatInterval=100ms"); // else the news may be too old
        Launcher.assertDone(ended);
        assertTrue(ended.output().contains("Starting them again (1 of 3 restarts)"), ended.output());
        Map<Integer, Double> losses = losses(killed);
        assertEquals(STEPS, losses.size());
        assertSameLosses(losses(WORK.resolve("two")), losses, 1);
        assertEquals(
                -1,
                Files.mismatch(
                        checkpoint(WORK.resolve("two"), STEPS).resolve("model/model.safetensors"),
                        checkpoint(killed, STEPS).resolve("model/model.safetensors")),
                "weights differ from an unbroken run's");
    }

    private static Path checkpoint(Path run, int step) throws IOException {
        try (Stream<Path> folders = Files.list(run)) {
            return folders.filter(folder -> folder.toString().endsWith("global_step" + step))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    @Order(5)
    void thePlanTellsWhichClipsWereInAStep() {
        List<Row> rows = LocalSpark.session()
                .read()
                .parquet(WORK + "/two/plan/*")
                .where("step < 2")
                .orderBy("step", "micro_batch", "slot")
                .collectAsList();
        assertEquals(
                11,
                rows.stream().map(row -> row.<Long>getAs("clip_id")).distinct().count());
        assertEquals(11, rows.size());
    }

    @Test
    @Order(6)
    void inferenceWritesWhatTheConfigurationSays() throws Exception {
        Path videos = WORK.resolve("videos");
        Path prompts = WORK.resolve("prompts.jsonl");
        Files.writeString(prompts, """
                {"prompt": "A dog in the grass.", "sample_name": "dog"}
                {"prompt": "A train.", "image_size": [100, 70], "num_frames": 5}
                {"prompt": "A picture.", "sample_name": "../picture", "num_frames": 1, "image_size": [64, 96]}
                """);
        Path counts = WORK.resolve("read-by-inference");
        List<String> options = new ArrayList<>(CountingDisk.options(counts));
        options.addAll(List.of(
                "--config",
                ROOT + "/conf/quickstart/inference.yaml",
                "--ckpt-path",
                WORK.resolve("two").toString(),
                "--prompt-path",
                prompts.toString(),
                "--save-dir",
                videos.toString(),
                "--num-sampling-steps",
                "3",
                "--num-sample",
                "2",
                "--set",
                "scheduler.type=iddpm"));
        Launcher.assertDone(LAUNCHER.onCluster("inference", TWO_EXECUTORS, options.toArray(String[]::new)));
        Path checkpoint = checkpoint(WORK.resolve("two"), STEPS);
        Map<String, Map<String, Long>> read = CountingDisk.read(counts, checkpoint);
        assertEquals(Map.of(), tensorsAlone(read.remove("driver")));
        assertFalse(read.isEmpty());
        Path ema = checkpoint.resolve("ema/model.safetensors");
        Path manifest = checkpoint.resolve("manifest.json");
        for (Map<String, Long> executor : read.values()) {
            assertEquals(
                    Map.of("ema/model.safetensors", Files.size(ema), "manifest.json", Files.size(manifest)), executor);
        }
        assertMedia(videos.resolve("dog-0.mp4"), 128, 72, 8);
        assertMedia(videos.resolve("dog-1.mp4"), 128, 72, 8);
        assertMedia(videos.resolve("sample_1-0.mp4"), 64, 96, 5); // 70x100 cut to multiples of 8
        assertMedia(videos.resolve("__picture-1.png"), 96, 64, 1);
        List<Row> results = table(videos + "/results");
        assertEquals(6, results.size());
        results.forEach(
                row -> assertTrue(Files.exists(Path.of(java.net.URI.create(row.getAs("uri")))), row.toString()));
        assertFalse(Files.exists(WORK.resolve("picture-1.png")));
        assertTrue(Files.mismatch(videos.resolve("dog-0.mp4"), videos.resolve("dog-1.mp4")) >= 0, "samples are equal");
    }

    private static void assertMedia(Path file, int width, int height, int frames) throws Exception {
        try (MediaSource source = MediaSource.of(file)) {
            MediaInfo info = MediaProbe.probe(source, ProbeOptions.DEFAULT);
            assertEquals(
                    List.of(width, height, frames),
                    List.of(info.width(), info.height(), info.numFrames()),
                    file.toString());
            if (frames > 1) {
                assertEquals(24 / 6, info.fps(), 1e-6);
                assertEquals("h264", info.codec());
            }
        }
    }

    @Test
    @Order(7)
    void mistakesEndWithOneLineAndCodeTwo() throws Exception {
        String bucketing = ROOT + "/conf/quickstart/bucketing.yaml";
        String training = ROOT + "/conf/quickstart/train.yaml";
        String inference = ROOT + "/conf/quickstart/inference.yaml";
        Path empty = Files.createDirectories(WORK.resolve("empty"));
        Launcher.assertMistake(
                "unknown key 'lerning_rate'",
                LAUNCHER.launch(
                        "train",
                        List.of(
                                "--config",
                                training,
                                "--data-path",
                                DATA.toString(),
                                "--outputs",
                                WORK + "/x",
                                "--set",
                                "lerning_rate=1")));
        Launcher.assertMistake(
                "no such folder",
                LAUNCHER.launch(
                        "bucketing",
                        List.of("--config", bucketing, "--input", WORK + "/absent", "--output", WORK + "/x")));
        Launcher.assertMistake(
                "holds no media files",
                LAUNCHER.launch(
                        "bucketing",
                        List.of(
                                "--config",
                                bucketing,
                                "--input",
                                empty.toString(),
                                "--output",
                                WORK + "/x",
                                "--master",
                                "local[1]")));
        Launcher.assertMistake(
                "Cannot read a checkpoint",
                LAUNCHER.launch(
                        "inference",
                        List.of(
                                "--config",
                                inference,
                                "--ckpt-path",
                                empty.toString(),
                                "--prompt",
                                "A dog.",
                                "--save-dir",
                                WORK + "/x")));
        Launcher.assertMistake(
                "no such folder",
                LAUNCHER.launch(
                        "train",
                        List.of("--config", training, "--data-path", WORK + "/absent", "--outputs", WORK + "/x")));
        assertFalse(Files.exists(WORK.resolve("x")));
    }

    @Test
    @Order(8)
    void plainSparkSubmitFindsTheNativesBesideTheJar() throws Exception {
        Path output = WORK.resolve("plain");
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                ROOT.resolve("target/spark/jars") + "/*",
                "org.apache.spark.deploy.SparkSubmit",
                "--master",
                "local[1]",
                "--conf",
                "spark.ui.enabled=false",
                "--class",
                "io.sparkreel.jobs.BucketingJob",
                ROOT.resolve("spark-jobs/target/sparkreel.jar").toString(),
                "--config",
                ROOT + "/conf/quickstart/bucketing.yaml",
                "--input",
                CLIPS.toString(),
                "--output",
                output.toString()));
        command.addAll(1, List.of(JavaModuleOptions.defaultModuleOptionArray()));
        Path log = Files.createTempFile(WORK, "plain", ".log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), Files.readString(log));
        assertEquals(11, table(output + "/clips").size());
    }
}
