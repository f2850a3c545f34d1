// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an earlier version left on disk is used on as that version would have; see the README beside the outputs. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EarlierOutputsIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/earlier-outputs-it");
    private static final Path EARLIER = ROOT.resolve("spark-jobs/src/test/resources/earlier-outputs");
    private static final List<String> FIELDS = List.of("step", "loss", "mse", "vb", "grad_norm", "lr");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Launcher LAUNCHER = new Launcher(
            ROOT,
            WORK,
            Map.of(
                    "ATEN_CPU_CAPABILITY", "avx2",
                    "DNNL_MAX_CPU_ISA", "AVX2",
                    "MKL_CBWR", "COMPATIBLE",
                    "OMP_NUM_THREADS", "1"));

    @BeforeAll
    static void copy() throws IOException {
        LAUNCHER.begin();
        try (Stream<Path> files = Files.walk(EARLIER)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path target = WORK.resolve(EARLIER.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    private static void launch(String job, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(
                "--conf",
                "spark.hadoop.fs.viewfs.mounttable.samples.link./clips=file://" + ROOT + "/conf/quickstart/clips",
                "--config",
                WORK + (job.equals("inference") ? "/inference.yaml" : "/train.yaml")));
        all.addAll(List.of(arguments));
        Launcher.assertDone(LAUNCHER.onCluster(job, "local[1]", all.toArray(String[]::new)));
    }

    /** The steps of a log, or of the stored losses. */
    private static List<List<String>> steps(Iterable<JsonNode> lines) {
        List<List<String>> steps = new ArrayList<>();
        for (JsonNode line : lines) {
            boolean step = !line.has("event") || line.path("event").asText().equals("step");
            if (step) {
                steps.add(
                        FIELDS.stream().map(field -> line.path(field).asText()).toList());
            }
        }
        return steps;
    }

    private static List<JsonNode> log(String run) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(WORK.resolve(run).resolve("log.jsonl"))) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    private static JsonNode losses(String name) throws IOException {
        return JSON.readTree(EARLIER.resolve("losses.json").toFile()).path(name);
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    /** Of a safetensors file the type, shape and bytes of each tensor, wherever in the file they lie. */
    private static Map<String, List<Object>> tensors(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(bytes.getLong());
        int begin = Long.BYTES + header;
        JsonNode entries = JSON.readTree(new String(bytes.array(), Long.BYTES, header, StandardCharsets.UTF_8));
        Map<String, List<Object>> tensors = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : entries.properties()) {
            JsonNode offsets = entry.getValue().path("data_offsets");
            if (!entry.getKey().equals("__metadata__")) {
                int first = begin + offsets.path(0).asInt();
                tensors.put(
                        entry.getKey(),
                        List.of(
                                entry.getValue().path("dtype").asText(),
                                entry.getValue().path("shape").toString(),
                                bytes.slice(first, begin + offsets.path(1).asInt() - first)));
            }
        }
        return tensors;
    }

    private static void assertSamePixels(Path expected, Path actual) throws IOException {
        BufferedImage one = ImageIO.read(expected.toFile());
        BufferedImage two = ImageIO.read(actual.toFile());
        assertEquals(one.getWidth() + "x" + one.getHeight(), two.getWidth() + "x" + two.getHeight());
        assertArrayEquals(
                one.getRGB(0, 0, one.getWidth(), one.getHeight(), null, 0, one.getWidth()),
                two.getRGB(0, 0, two.getWidth(), two.getHeight(), null, 0, two.getWidth()));
    }

    @Test
    void aRunResumesToTheLossesOfTheUnbrokenRun() throws Exception {
        launch("train", "--data-path", WORK + "/data", "--outputs", WORK + "/run", "--load", WORK + "/run");
        List<List<String>> expected = steps(losses("unbroken"));
        assertEquals(8, expected.size());
        assertEquals(expected, steps(log("run")));
        // A run that began anew would come to the same losses; one that resumes keeps what was logged before.
        List<String> before = Files.readAllLines(EARLIER.resolve("run/log.jsonl"));
        assertEquals(before, Files.readAllLines(WORK.resolve("run/log.jsonl")).subList(0, before.size()));
        Map<String, List<Object>> exported = tensors(EARLIER.resolve("exported/model.safetensors"));
        Map<String, List<Object>> ema = tensors(WORK.resolve("run/epoch1-global_step8/ema/model.safetensors"));
        assertEquals(exported.keySet(), ema.keySet());
        exported.forEach((name, tensor) -> assertEquals(tensor, ema.get(name), name));
    }

    @Test
    void storedFeaturesAreTaken() throws Exception {
        launch(
                "train",
                "--data-path",
                WORK + "/data",
                "--features",
                WORK + "/features",
                "--outputs",
                WORK + "/with-features");
        // Features are stored as bf16, so these are other losses than those of clips encoded on the way.
        assertEquals(steps(losses("features")), steps(log("with-features")));
        assertEquals(
                files(EARLIER.resolve("features")).size(),
                files(WORK.resolve("features")).size());
    }

    @Test
    void aCheckpointSamplesTheSamePixels() throws Exception {
        launch(
                "inference",
                "--ckpt-path",
                WORK + "/run/epoch0-global_step4",
                "--prompt-path",
                WORK + "/prompts.jsonl",
                "--save-dir",
                WORK + "/sampled");
        assertSamePixels(EARLIER.resolve("samples/picture.png"), WORK.resolve("sampled/sample_0.png"));
        // The encoder is deterministic, and FFmpeg's version is pinned.
        assertArrayEquals(
                Files.readAllBytes(EARLIER.resolve("samples/video.mp4")),
                Files.readAllBytes(WORK.resolve("sampled/sample_1.mp4")));
    }

    @Test
    void exportedWeightsSampleTheSamePixels() throws Exception {
        launch(
                "inference",
                "--set",
                "model.from_pretrained=" + WORK + "/exported",
                "--set",
                "num_frames=1",
                "--prompt",
                "A table.",
                "--save-dir",
                WORK + "/from-exported");
        assertSamePixels(EARLIER.resolve("samples/from-exported.png"), WORK.resolve("from-exported/sample_0.png"));
        assertTrue(Files.exists(WORK.resolve("from-exported/results")));
    }
}
