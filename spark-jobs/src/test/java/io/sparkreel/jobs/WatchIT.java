// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.reader.ConfigOverride;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What one sees of a training run on executors: all of it comes from one run. */
class WatchIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path CLIPS = ROOT.resolve("conf/quickstart/clips");
    private static final Path WORK = ROOT.resolve("target/watch-it");
    private static final Path DATA = WORK.resolve("data");
    private static final Path EVAL = WORK.resolve("eval");
    private static final Path RUN = WORK.resolve("run");
    private static final Path METRICS = WORK.resolve("metrics");
    private static final Path WANDB = WORK.resolve("bin/wandb");
    private static final String SECRET = "a-key-that-no-log-may-hold";
    private static final String EARLIER_PAGE = "run-as-it-goes.html";
    private static final int STEPS = 6;
    private static final Launcher LAUNCHER = new Launcher(ROOT, WORK);
    private static Launcher.Ended ended;

    @BeforeAll
    static void train() throws Exception {
        LAUNCHER.begin();
        bucket(DATA, "city-train.jpg", "christmas-table.jpg", "dog-doorway.mp4", "dog-doorway-square.mp4");
        bucket(EVAL, "two-dogs-grass.jpg", "city-train-zoom.mp4");
        Files.createDirectories(WANDB.getParent());
        Files.createDirectories(METRICS);
        Files.writeString(WANDB, """
                #!/bin/sh
                printf '%s\\n' "$@" > "$0.arguments"
                ls -A "$7" > "$0.files"
                echo "the key is $WANDB_API_KEY"
                """);
        Files.setPosixFilePermissions(WANDB, PosixFilePermissions.fromString("rwxr-xr-x"));
        ended = LAUNCHER.onCluster(
                "train",
                "local-cluster[2,1,1536]",
                Map.of("PATH", WANDB.getParent() + ":" + System.getenv("PATH"), "WANDB_API_KEY", SECRET),
                WatchIT::keepThePageOfARunThatGoesOn,
                arguments(
                        RUN,
                        "--conf",
                        "spark.metrics.conf.driver.sink.csv.class=org.apache.spark.metrics.sink.CsvSink",
                        "--conf",
                        "spark.metrics.conf.driver.sink.csv.directory=" + METRICS,
                        "--conf",
                        "spark.metrics.conf.driver.sink.csv.period=1",
                        "--wandb",
                        "true"));
        Launcher.assertDone(ended);
    }

    private static void keepThePageOfARunThatGoesOn(Process process, Path log) throws Exception {
        Path page = RUN.resolve("run.html");
        while (process.isAlive() && !Files.exists(page)) {
            Thread.sleep(20);
        }
        if (Files.exists(page)) {
            Files.copy(page, RUN.resolve(EARLIER_PAGE));
        }
    }

    private static void bucket(Path output, String... clips) throws IOException {
        Path input = Files.createDirectories(WORK.resolve("clips-" + output.getFileName()));
        for (String clip : clips) {
            Files.copy(CLIPS.resolve(clip), input.resolve(clip));
            String caption = clip.substring(0, clip.lastIndexOf('.')) + ".txt";
            if (Files.exists(CLIPS.resolve(caption))) {
                Files.copy(CLIPS.resolve(caption), input.resolve(caption));
            }
        }
        BucketedMedia.run(ConfigLoader.load(
                        BucketingConfig.class,
                        ROOT.resolve("conf/quickstart/bucketing.yaml"),
                        List.of(
                                ConfigOverride.text("input", input.toString(), "test"),
                                ConfigOverride.text("output", output.toString(), "test")))
                .config());
    }

    private static String[] arguments(Path run, String... more) {
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
                "ckpt_every=3",
                "--set",
                "model.hidden_size=96",
                "--set",
                "model.depth=1",
                "--set",
                "eval_every=3",
                "--set",
                "eval_data_path=" + EVAL,
                "--set",
                "sample_every=3",
                "--set",
                "samples={prompts: [A dog., A train.], num_frames: 4, image_size: [70, 66], num_sampling_steps: 2}",
                "--set",
                "peak_tflops=0.5"));
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }

    private static List<JsonNode> lines(String event) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(RUN.resolve("log.jsonl"))) {
            JsonNode node = new ObjectMapper().readTree(line);
            if (node.get("event").asText().equals(event)) {
                lines.add(node);
            }
        }
        return lines;
    }

    @Test
    void everyStepIsToldWithRatesAndTheParts() throws Exception {
        List<JsonNode> steps = lines("step");
        assertEquals(STEPS, steps.size());
        for (JsonNode step : steps) {
            double parts = 0;
            for (JsonNode part : step.get("step_time")) {
                parts += part.asDouble();
            }
            assertEquals(step.get("seconds_per_step").asDouble(), parts, 1e-6, step::toString);
            assertTrue(step.at("/step_time/forward").asDouble() > 0
                    && step.at("/step_time/backward").asDouble() > 0);
            assertTrue(step.get("tokens_per_s").asDouble()
                    > step.get("samples_per_s").asDouble());
            assertEquals(
                    step.get("tflops").asDouble() / 2 / 0.5,
                    step.get("peak_share").asDouble(),
                    1e-9);
            long samples = 0;
            double loss = 0;
            for (JsonNode bucket : step.get("buckets")) {
                samples += bucket.get("samples").asLong();
                loss += bucket.get("samples").asLong() * bucket.get("loss").asDouble();
            }
            assertEquals(step.get("loss").asDouble(), loss / samples, 1e-6, step::toString);
        }
        assertTrue(ended.output().contains("TFLOP/s (") && ended.output().contains("backward "), ended.output());
        JsonNode costs = new ObjectMapper().readTree(RUN.resolve("costs.json").toFile());
        assertFalse(costs.isEmpty());
        for (JsonNode bucket : costs) {
            assertTrue(
                    bucket.get("seconds").asDouble() > 0
                            && bucket.get("micro_batches").asLong() > 0,
                    costs::toString);
        }
    }

    @Test
    void theModelIsJudgedOnClipsOfItsOwn() throws Exception {
        List<JsonNode> evals = lines("eval");
        assertEquals(
                List.of(3, 6),
                evals.stream().map(line -> line.get("step").asInt()).toList());
        for (JsonNode eval : evals) {
            assertEquals(2, eval.get("clips").asInt());
            assertEquals(2, eval.get("buckets").size());
        }
        assertNotEquals(
                evals.get(0).get("loss").asDouble(), evals.get(1).get("loss").asDouble());
        assertTrue(ended.output().contains("validation loss"), ended.output());
    }

    @Test
    void clipsAreDrawnForThePrompts() throws Exception {
        List<JsonNode> drawn = lines("samples");
        assertEquals(
                List.of(3, 6),
                drawn.stream().map(line -> line.get("step").asInt()).toList());
        for (JsonNode line : drawn) {
            assertEquals(
                    List.of("A dog.", "A train."),
                    Stream.of(0, 1)
                            .map(i -> line.at("/clips/" + i + "/prompt").asText())
                            .toList());
            for (JsonNode clip : line.get("clips")) {
                Path file = RUN.resolve(clip.get("file").asText());
                try (MediaSource source = MediaSource.of(file)) {
                    MediaInfo info = MediaProbe.probe(source, ProbeOptions.DEFAULT);
                    assertEquals("64x64x4", info.width() + "x" + info.height() + "x" + info.numFrames());
                }
            }
        }
        Path samples = RUN.resolve("samples");
        assertTrue(Files.mismatch(samples.resolve("step-3/0.mp4"), samples.resolve("step-6/0.mp4")) >= 0);
    }

    @Test
    void thePageShowsTheEndOfTheRun() throws Exception {
        String page = Files.readString(RUN.resolve("run.html"));
        JsonNode data = new ObjectMapper()
                .readTree(page.substring(page.indexOf("application/json\">") + 18, page.indexOf("</script>")));
        assertEquals("finished", data.get("state").asText());
        assertEquals(STEPS, data.at("/curves/loss").size());
        assertEquals(2, data.get("curves").get("eval/loss").size());
        assertEquals("samples/step-6/0.mp4", data.at("/samples/0/clips/0/file").asText());
        assertTrue(data.get("config").asText().contains("hidden_size: 96"));
    }

    @Test
    void theBrowserShowsThePageWhileTheRunGoesOnAndAfterItsEnd() throws Exception {
        Chromium.Page during = Chromium.open(RUN.resolve(EARLIER_PAGE), WORK, "--virtual-time-budget=4000");
        assertEquals(List.of(), during.console());
        assertTrue(during.dom().contains("running"), during.dom());
        Chromium.Page after = Chromium.open(RUN.resolve("run.html"), WORK, "--virtual-time-budget=4000");
        assertEquals(List.of(), after.console());
        assertTrue(
                after.dom().contains("finished")
                        && after.dom().contains("samples/step-6/0.mp4")
                        && after.dom().split("<svg", -1).length > 8,
                after.dom());
    }

    @Test
    void sparksOwnMetricsHaveTheNumbers() throws Exception {
        Map<String, List<String>> gauges = new TreeMap<>();
        try (Stream<Path> files = Files.list(METRICS)) {
            for (Path file : files.filter(file -> file.toString().contains(".sparkreel."))
                    .toList()) {
                gauges.put(
                        file.getFileName().toString().replaceFirst(".*\\.sparkreel\\.", ""), Files.readAllLines(file));
            }
        }
        JsonNode last = lines("step").get(STEPS - 1);
        for (String name : List.of("loss", "samples_per_s", "tflops", "step_time.backward")) {
            List<String> told = gauges.get(name + ".csv");
            double value = Double.parseDouble(told.get(told.size() - 1).split(",")[1]);
            assertEquals(last.at("/" + name.replace('.', '/')).asDouble(), value, 1e-6 * Math.abs(value), name);
        }
        assertTrue(gauges.containsKey("eval.loss.csv"), gauges.keySet()::toString);
    }

    @Test
    void theEventsAreHandedToWandbAndItsKeyToNobody() throws Exception {
        List<String> given = Files.readAllLines(Path.of(WANDB + ".arguments"));
        assertEquals(List.of("sync", "--sync-tensorboard", "--project", "sparkreel", "--id"), given.subList(0, 5));
        assertEquals(RUN.resolve("tensorboard").toString(), given.get(6));
        List<String> files = Files.readAllLines(Path.of(WANDB + ".files"));
        assertTrue(files.size() == 1 && files.get(0).endsWith(given.get(5)), files::toString);
        assertTrue(ended.output().contains("wandb: the key is ***"), ended.output());
        assertFalse(ended.output().contains(SECRET));
        assertFalse(Files.readString(RUN.resolve("run.html")).contains(SECRET));
    }

    @Test
    void whatCannotWorkIsSaidBeforeTheRunBegins() throws Exception {
        Path other = WORK.resolve("other");
        Path tools = Files.createDirectories(WORK.resolve("tools")); // a PATH without wandb
        for (String tool :
                List.of("bash", "env", "dirname", "readlink", "find", "cmp", "cat", "rm", "mkdir", "chmod")) {
            Path file = Stream.of(System.getenv("PATH").split(":"))
                    .map(folder -> Path.of(folder, tool))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow();
            Files.createSymbolicLink(tools.resolve(tool), file);
        }
        Map<String, String> bare = Map.of("PATH", tools.toString(), "JAVA_HOME", System.getProperty("java.home"));
        Launcher.assertMistake(
                "no program 'wandb'",
                LAUNCHER.launch(
                        "train", List.of(arguments(other, "--wandb", "true")), bare, Launcher.Incident.NONE, 60));
        Launcher.assertMistake(
                "'eval_fraction'", LAUNCHER.launch("train", List.of(arguments(other, "--set", "eval_fraction=0.1"))));
        Launcher.assertMistake(
                "samples.prompts",
                LAUNCHER.launch("train", List.of(arguments(other, "--set", "samples={prompts: []}"))));
        assertFalse(Files.exists(other));
    }
}
