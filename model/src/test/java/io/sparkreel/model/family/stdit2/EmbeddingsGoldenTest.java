// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.checkpoint.safetensors.HalfPrecision;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Torch;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Positions, angles and features of scalars against numbers produced by running the reference. */
@Golden
class EmbeddingsGoldenTest {
    private static final double TOLERANCE = 2e-5;

    private GoldenTensors tensors;

    private static GoldenData golden;

    @BeforeAll
    static void start(GoldenData data) {
        golden = data;
        Torch.start(1);
    }

    @BeforeEach
    void load() {
        tensors = GoldenTensors.of(golden, "embeddings.safetensors");
    }

    private Stream<DynamicTest> each(String pattern, java.util.function.Consumer<String> body) {
        return tensors.entries().keySet().stream()
                .filter(name -> name.matches(pattern))
                .map(name -> DynamicTest.dynamicTest(name, () -> body.accept(name)));
    }

    @TestFactory
    Stream<DynamicTest> positions() {
        return each("pos\\.\\d+", name -> {
            JsonNode size = golden.json("embeddings.json").get("pos").get(name.substring("pos.".length()));
            int rows = size.get("h").asInt();
            int columns = size.get("w").asInt();
            int width = size.get("dim").asInt();
            double scale = size.get("scale").asDouble();
            JsonNode base = size.get("base_size");
            double rowStep = base.isNull() ? 1 / scale : base.asDouble() / rows / scale;
            double columnStep = base.isNull() ? 1 / scale : base.asDouble() / columns / scale;
            tensors.assertClose(name, PositionEmbedding.spatial(rows, columns, width, rowStep, columnStep), TOLERANCE);
            if (base.asInt() == Math.rint(Math.sqrt(rows * columns))) {
                tensors.assertClose(name, PositionEmbedding.spatial(rows, columns, width, scale), TOLERANCE);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> featuresOfScalars() {
        return each("timestep\\.dim\\d+", name -> {
            int width = Integer.parseInt(name.substring("timestep.dim".length()));
            // Angles reach 999, where neighbouring single precision numbers are 6e-5 apart.
            tensors.assertClose(name, ScalarFeatures.of(tensors.values("timestep.t"), width), 1e-4);
        });
    }

    @Test
    void halfPrecisionRoundsTimesteps() {
        float[] times = tensors.values("timestep.t");
        float[] all = tensors.values("timestep.all_0_999_bf16_rounded");
        for (int t = 0; t < all.length; t++) {
            assertEquals(all[t], HalfPrecision.fromBf16(HalfPrecision.toBf16(t)));
        }
        for (int i = 0; i < times.length; i++) {
            assertEquals(
                    tensors.values("timestep.t_bf16_rounded")[i],
                    HalfPrecision.fromBf16(HalfPrecision.toBf16(times[i])));
            assertEquals(
                    tensors.values("timestep.t_fp16_rounded")[i], HalfPrecision.fromF16(HalfPrecision.toF16(times[i])));
        }
    }

    @Test
    void sizesOfASample() {
        List<String> names = List.of("mlp.0.weight", "mlp.0.bias", "mlp.2.weight", "mlp.2.bias");
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> mlp = names.stream()
                    .map(name -> tensors.tensor("size_embedder.weights." + name))
                    .toList();
            float[] sizes =
                    tensors.values("size_embedder.in"); // [B, n], each number embedded and laid beside the others
            Tensor features = scalars(sizes);
            tensors.assertClose(
                    "size_embedder.out",
                    Stdit2Kernels.instance().siluMlp(features, mlp).floats(),
                    TOLERANCE);
            float one = tensors.values("size_embedder.in1")[0];
            float[] repeated = new float[(int) tensors.shape("size_embedder.out1_bs2")[0]];
            java.util.Arrays.fill(repeated, one);
            tensors.assertClose(
                    "size_embedder.out1_bs2",
                    Stdit2Kernels.instance().siluMlp(scalars(repeated), mlp).floats(),
                    TOLERANCE);
        }
    }

    private static Tensor scalars(float[] values) {
        return io.sparkreel.model.torch.Tensors.onHost()
                .of(ScalarFeatures.of(values), values.length, ScalarFeatures.WIDTH);
    }

    @TestFactory
    Stream<DynamicTest> rotationOfPairs() {
        return each("rope\\.\\d+\\.q", name -> {
            String prefix = name.substring(0, name.length() - 1);
            long[] shape = tensors.shape(name); // [.., T, hd]
            int frames = (int) shape[shape.length - 2];
            int width = (int) shape[shape.length - 1];
            float[] angles = PositionEmbedding.rotaryAngles(frames, width);
            float[] frequencies =
                    java.util.Arrays.copyOfRange(PositionEmbedding.rotaryAngles(2, width), width / 2, width);
            assertArrayEquals(tensors.values(prefix + "freqs"), frequencies, 1e-6f);
            float[] rotated = tensors.values(name).clone();
            for (int pair = 0; pair < rotated.length / 2; pair++) {
                int row = 2 * pair / width % frames;
                double angle = angles[row * width / 2 + pair % (width / 2)];
                float a = rotated[2 * pair];
                float b = rotated[2 * pair + 1];
                rotated[2 * pair] = (float) (a * Math.cos(angle) - b * Math.sin(angle));
                rotated[2 * pair + 1] = (float) (b * Math.cos(angle) + a * Math.sin(angle));
            }
            tensors.assertClose(prefix + "out", rotated, TOLERANCE);
        });
    }
}
