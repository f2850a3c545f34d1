// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.bench.ProcessUsage;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.checkpoint.WeightsFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What training holds on to: native tensors and memory, over many steps and in the published size. */
class TrainingMemoryTest {
    private static final Tensors HOST = Tensors.onHost();

    @BeforeAll
    static void start() {
        Torch.start(2);
    }

    private static TrainerOptions options() {
        FrameMask masks = FrameMask.of(Map.of("mask_no", 0.5, "mask_image_head", 0.5));
        return TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 42)
                .withFrameMask(masks)
                .withComputation(Precision.FP32, true)
                .withOptimizer(OptimizerOptions.REFERENCE
                        .withLearningRate(LearningRate.constant(1e-4))
                        .withEma(new Ema.Options(0.999, true)));
    }

    /** A batch of one clip; its shape changes from step to step, as in training on buckets. */
    private static List<MicroBatch> clip(Stdit2Config config, int step, int frames, int side) {
        LatentShape shape = new LatentShape(config.inChannels(), frames, side, side + 1);
        float[] latent = new float[shape.elements()];
        float[] text = new float[config.modelMaxLength() * config.captionChannels()];
        KeyedRandom random = KeyedRandom.of(7, 0, step, KeyedRandom.Purpose.LATENT_NOISE);
        random.fillNormal(latent, 0, latent.length);
        random.fillNormal(text, 0, text.length);
        boolean[] mask = new boolean[config.modelMaxLength()];
        Arrays.fill(mask, 0, 1 + step % mask.length, true);
        Sample sample = new Sample(step, latent, text, mask, frames, 8 * side, 8 * side + 8, 24);
        return List.of(
                new MicroBatch("144p", 0, List.of(sample), shape, config.modelMaxLength(), config.captionChannels()));
    }

    private static long status(String key) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith(key + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElseThrow();
    }

    /** Resident memory once Java has cleared away what it no longer needs. */
    private static long resident() throws IOException {
        System.gc();
        return status("VmRSS");
    }

    @Test
    void stepsLeaveNoNativeTensorBehind() throws IOException {
        steps(20, 60);
    }

    @Test
    @Tag("slow")
    void aThousandStepsLeaveNoMemoryBehind() throws IOException {
        long[] resident = steps(200, 1000);
        // The collector may give back of Java's heap what warming up has taken.
        assertTrue(
                resident[1] <= 1.02 * resident[0],
                "resident bytes after 200 and 1,000 steps: " + Arrays.toString(resident));
    }

    /** Resident bytes after some steps to warm up, and after all. */
    private static long[] steps(int warmup, int steps) throws IOException {
        Stdit2Config config = new Stdit2Config(64, 4, List.of(1, 2, 2), 96, 2, 4, 4, 0.1, true, 32, 8, true);
        long before = Tensor.liveCount();
        long[] resident = new long[2];
        try (ModelWeights weights = new ModelWeights(config, HOST)) {
            weights.initialise(3);
            try (Trainer trainer = new Trainer(options(), weights, HOST, new SingleProcess())) {
                long alive = 0;
                for (int step = 0; step < steps; step++) {
                    trainer.step(step, clip(config, step, 1 + step % 4, 4 + step % 7), 1);
                    if (step == warmup - 1) {
                        alive = Tensor.liveCount();
                        resident[0] = resident();
                    }
                }
                assertEquals(alive, Tensor.liveCount());
                resident[1] = resident();
            }
        }
        assertEquals(before, Tensor.liveCount());
        return resident;
    }

    private static Stdit2Config publishedSize() {
        return Stdit2Config.published("STDiT2-XL/2").orElseThrow();
    }

    @Test
    @Tag("slow")
    void thePublishedSizeIsExportedWhole(@TempDir Path folder) throws IOException {
        try (ModelWeights weights = new ModelWeights(publishedSize(), HOST)) {
            weights.initialise(3);
            assertEquals(767_452_064, weights.parameters().layout().elements());
            Path file = folder.resolve("model.safetensors");
            WeightsFile.write(
                    Files.newOutputStream(file), weights, weights.parameters().values());
            assertEquals(published(publishedSize()), shapes(file));
        }
    }

    /** Value, gradient, two moments and the average; the rest is what the process has held before. */
    @Test
    @Tag("slow")
    void thePublishedSizeTrainsInTwentyBytesOfAParameter() throws IOException {
        ProcessUsage.forgetPeak();
        long before = status("VmHWM");
        long parameters = train(publishedSize(), 3);
        double bytes = (status("VmHWM") - before) / (double) parameters;
        System.out.printf("training the published size takes %.3f bytes of a parameter, average included%n", bytes);
        assertTrue(bytes <= 20.2, bytes + " bytes of a parameter");
    }

    /** Takes some steps; returns the number of parameters. */
    private static long train(Stdit2Config config, int steps) {
        try (ModelWeights weights = new ModelWeights(config, HOST)) {
            weights.initialise(3);
            try (Trainer trainer = new Trainer(options(), weights, HOST, new SingleProcess())) {
                for (int step = 0; step < steps; step++) {
                    trainer.step(step, clip(config, step, 2, 4), 1);
                }
            }
            return weights.parameters().layout().elements();
        }
    }

    /** Names and shapes as the reference's classes list them, written out apart from the layout under test. */
    private static Map<String, List<Integer>> published(Stdit2Config config) {
        int d = config.hiddenSize();
        int head = d / config.numHeads();
        Map<String, List<Integer>> shapes = new TreeMap<>();
        shapes.put("x_embedder.proj.weight", List.of(d, 4, 1, 2, 2));
        shapes.put("x_embedder.proj.bias", List.of(d));
        linear(shapes, "t_embedder.mlp.0", d, 256);
        linear(shapes, "t_embedder.mlp.2", d, d);
        linear(shapes, "t_block.1", 6 * d, d);
        linear(shapes, "t_block_temp.1", 3 * d, d);
        shapes.put("y_embedder.y_embedding", List.of(200, 4096));
        linear(shapes, "y_embedder.y_proj.fc1", d, 4096);
        linear(shapes, "y_embedder.y_proj.fc2", d, d);
        shapes.put("rope.freqs", List.of(head / 2));
        for (int i = 0; i < config.depth(); i++) {
            String block = "blocks." + i + ".";
            shapes.put(block + "scale_shift_table", List.of(6, d));
            shapes.put(block + "scale_shift_table_temporal", List.of(3, d));
            for (String attention : List.of("attn.", "attn_temp.")) {
                linear(shapes, block + attention + "qkv", 3 * d, d);
                linear(shapes, block + attention + "proj", d, d);
                shapes.put(block + attention + "q_norm.weight", List.of(head));
                shapes.put(block + attention + "k_norm.weight", List.of(head));
            }
            linear(shapes, block + "cross_attn.q_linear", d, d);
            linear(shapes, block + "cross_attn.kv_linear", 2 * d, d);
            linear(shapes, block + "cross_attn.proj", d, d);
            linear(shapes, block + "mlp.fc1", 4 * d, d);
            linear(shapes, block + "mlp.fc2", d, 4 * d);
        }
        shapes.put("final_layer.scale_shift_table", List.of(2, d));
        linear(shapes, "final_layer.linear", 32, d);
        for (String embedder : List.of("csize_embedder", "ar_embedder")) {
            linear(shapes, embedder + ".mlp.0", d / 3, 256);
            linear(shapes, embedder + ".mlp.2", d / 3, d / 3);
        }
        for (String embedder : List.of("fl_embedder", "fps_embedder")) {
            linear(shapes, embedder + ".mlp.0", d, 256);
            linear(shapes, embedder + ".mlp.2", d, d);
        }
        return shapes;
    }

    private static void linear(Map<String, List<Integer>> shapes, String name, int out, int in) {
        shapes.put(name + ".weight", List.of(out, in));
        shapes.put(name + ".bias", List.of(out));
    }

    /** Reads a header without the code under test; its tensors must fill the file, one after the other. */
    private static Map<String, List<Integer>> shapes(Path file) throws IOException {
        JsonNode header;
        long dataBegin;
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(length);
            ByteBuffer text = ByteBuffer.allocate((int) length.getLong(0));
            channel.read(text);
            header = new ObjectMapper().readTree(text.array());
            dataBegin = (long) Long.BYTES + text.capacity();
        }
        Map<String, List<Integer>> shapes = new TreeMap<>();
        Map<Long, Long> ranges = new TreeMap<>();
        header.properties().forEach(entry -> {
            if (entry.getKey().equals("__metadata__")) {
                return;
            }
            assertEquals("F32", entry.getValue().get("dtype").asText());
            List<Integer> shape = new ArrayList<>();
            entry.getValue().get("shape").forEach(size -> shape.add(size.asInt()));
            shapes.put(entry.getKey(), shape);
            JsonNode range = entry.getValue().get("data_offsets");
            ranges.put(range.get(0).asLong(), range.get(1).asLong());
            assertEquals(
                    4L * shape.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b),
                    range.get(1).asLong() - range.get(0).asLong(),
                    entry.getKey());
        });
        long at = 0;
        for (Map.Entry<Long, Long> range : ranges.entrySet()) {
            assertEquals(at, range.getKey());
            at = range.getValue();
        }
        assertEquals(Files.size(file), dataBegin + at);
        return shapes;
    }
}
