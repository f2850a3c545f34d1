// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.bucketing.media.write.VideoWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RunPageTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path FOLDER =
            Path.of(System.getProperty("project.root")).resolve("target/run-page-test");
    private static final String HOSTILE = "A dog </script><script>throw new Error('ran')</script> & \"more\" {{data}}";
    private static final int STEPS = 5000;

    private static ObjectNode event(String name, int step) {
        return JSON.createObjectNode()
                .put("event", name)
                .put("time", "2026-01-02T03:04:05Z")
                .put("step", step);
    }

    private static ObjectNode step(int step, Random random) {
        double loss = 0.05 + Math.exp(-step / 900.0) + 0.03 * random.nextGaussian();
        ObjectNode line = event("step", step)
                .put("total_steps", 6000)
                .put("epoch", step / 500)
                .put("ranks", 2)
                .put("grad_norm", 0.4 + 0.1 * random.nextDouble())
                .put("lr", 1e-3 * (1 + Math.cos(step / 2000.0)) / 2)
                .put("loss", loss)
                .put("mse", 0.95 * loss)
                .put("vb", 0.01)
                .put("samples_per_s", 8 + random.nextDouble())
                .put("tokens_per_s", 4100 + 100 * random.nextDouble())
                .put("tflops", 0.021)
                .put("peak_share", 0.43)
                .put("seconds_per_step", 0.7)
                .put("data_wait", 0.02);
        if (step == 1000) {
            line.put("loss", Double.NaN).put("mse", Double.NaN);
        }
        line.putObject("step_time")
                .put("data", 0.02)
                .put("forward", 0.2 + 0.02 * random.nextDouble())
                .put("backward", 0.41)
                .put("communication", 0.03)
                .put("optimizer", 0.02)
                .put("other", 0.01);
        ObjectNode buckets = line.putObject("buckets");
        for (String bucket : List.of("144p-1-0.56", "240p-16-0.56", "240p-16-1.78")) {
            buckets.putObject(bucket)
                    .put("micro_batches", 2)
                    .put("samples", 8)
                    .put("seconds", 0.1 * bucket.length() + 0.05 * random.nextDouble())
                    .put("loss", loss + 0.1 * bucket.hashCode() / 3e9);
        }
        return line;
    }

    /** A page with all that a run can show. */
    private static String page() throws IOException {
        Files.createDirectories(FOLDER.resolve("samples/step-2500"));
        try (VideoWriter video = VideoWriter.mp4(FOLDER.resolve("samples/step-2500/0 a%dog.mp4"), 64, 48, 8)) {
            for (int frame = 0; frame < 8; frame++) {
                byte[] rgb = new byte[64 * 48 * 3];
                java.util.Arrays.fill(rgb, (byte) (30 * frame));
                video.write(rgb);
            }
        }
        RunPage page = new RunPage("/data/<b>run</b>", "lr: 1.0e-3 # " + HOSTILE, "file:/data/report.html");
        Random random = new Random(1);
        for (int step = 10; step <= STEPS; step += 10) {
            page.add(step(step, random));
            if (step % 500 == 0) {
                ObjectNode eval = event("eval", step)
                        .put("loss", 0.1 + Math.exp(-step / 900.0))
                        .put("mse", 0.1)
                        .put("clips", 20)
                        .put("seconds", 3);
                eval.putObject("buckets")
                        .putObject("240p-16-0.56")
                        .put("loss", 0.12 + Math.exp(-step / 900.0))
                        .put("clips", 20);
                page.add(eval);
                page.add(event("checkpoint", step).put("folder", "epoch1-global_step" + step));
            }
        }
        page.add(event("restart", 0).put("message", "The ranks failed: " + HOSTILE));
        ObjectNode samples = event("samples", 2500);
        ArrayNode clips = samples.putArray("clips");
        clips.addObject().put("prompt", HOSTILE).put("file", "samples/step-2500/0 a%dog.mp4");
        page.add(samples);
        JsonNode costs =
                JSON.readTree("{\"240p-16-0.56\": {\"micro_batches\": 9, \"samples\": 36, \"seconds\": 12.5}}");
        return page.html(costs);
    }

    @Test
    void textOfARunIsNeverMarkup() throws Exception {
        String html = page();
        assertEquals(2, html.split("<script", -1).length - 1);
        assertEquals(2, html.split("</script>", -1).length - 1);
        assertFalse(html.contains("<b>run"));
        String json = html.substring(html.indexOf("application/json\">") + 18, html.indexOf("</script>"));
        JsonNode data = JSON.readTree(json);
        assertEquals("running", data.get("state").asText());
        assertEquals(HOSTILE, data.at("/samples/0/clips/0/prompt").asText());
        assertEquals(STEPS / 10, data.at("/curves/loss").size());
        assertTrue(data.at("/curves/loss/99/1").isNull());
        assertFalse(Pattern.compile("(src|href)=\"?(https?:)?//").matcher(html).find());
    }

    @Test
    void theBrowserDrawsItWithoutComplaint() throws Exception {
        Optional<Path> chromium = Stream.of("chromium", "chromium-browser", "google-chrome")
                .flatMap(name -> Stream.of(System.getenv("PATH").split(":")).map(folder -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
        assumeTrue(chromium.isPresent(), "no chromium on this machine");
        Path file = FOLDER.resolve("run.html");
        String html = page();
        Files.writeString(file, html);
        Path errors = FOLDER.resolve("chromium.log");
        Path dom = FOLDER.resolve("dom.html");
        Path profile = Files.createTempDirectory("sparkreel-chromium");
        Process browser = new ProcessBuilder(
                        chromium.get().toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--user-data-dir=" + profile,
                        "--enable-logging=stderr",
                        "--virtual-time-budget=4000",
                        "--dump-dom",
                        file.toUri().toString())
                .redirectError(errors.toFile())
                .redirectOutput(dom.toFile())
                .start();
        if (!browser.waitFor(60, TimeUnit.SECONDS)) {
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly();
            throw new AssertionError("chromium did not end: " + Files.readString(errors));
        }
        assertEquals(
                List.of(),
                Files.readAllLines(errors).stream()
                        .filter(line -> line.contains("CONSOLE"))
                        .toList());
        String drawn = Files.readString(dom);
        assertEquals(11, drawn.split("<svg", -1).length - 1);
        assertTrue(drawn.contains("/data/&lt;b&gt;run&lt;/b&gt;"), "the title is not text");
        assertTrue(drawn.contains("samples/step-2500/0%20a%25dog.mp4"), "the sample is not there");
        assertTrue(
                drawn.contains("throw new Error('ran')&lt;/script&gt; &amp; \"more\" {{data}}"),
                "the prompt is not there");
    }

    @Test
    void aLongCurveKeepsItsShapeInBoundedSpace() {
        Curve curve = new Curve();
        for (int step = 1; step <= 1_000_000; step++) {
            curve.add(step, step / 2.0);
        }
        ArrayNode points = JSON.createArrayNode();
        curve.writeTo(points);
        assertTrue(points.size() >= 1000 && points.size() <= 2000, () -> "" + points.size());
        assertEquals(1_000_000, points.get(points.size() - 1).get(0).asLong());
        for (JsonNode point : points) {
            assertEquals(point.get(0).asDouble() / 2, point.get(1).asDouble(), 300);
        }
        curve.add(500_000, 7); // a step that is taken again
        assertEquals(500_000, curve.steps()[curve.steps().length - 1]);
    }
}
