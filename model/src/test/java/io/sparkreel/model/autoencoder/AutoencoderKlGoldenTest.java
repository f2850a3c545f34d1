// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.golden.Golden;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.golden.PublishedFolder;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The autoencoder against what the reference's library gave. */
@Tag("golden")
class AutoencoderKlGoldenTest {
    private static final double TOLERANCE = 1e-4;
    private static final String FILE = "diffusion_pytorch_model.safetensors";

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    private interface CaseBody {
        void run(GoldenTensors tensors, PublishedFolder published) throws IOException;
    }

    private static Stream<DynamicTest> models(Path parent, CaseBody body) {
        return Golden.files("vae_.*\\.safetensors").stream().map(file -> DynamicTest.dynamicTest(file, () -> {
            GoldenTensors tensors = Golden.tensors(file);
            Path folder = Files.createDirectory(parent.resolve(file));
            body.run(tensors, new PublishedFolder(
                    folder, tensors, Golden.json(file.replace(".safetensors", ".json")).get("config")));
        }));
    }

    private static AutoencoderKl load(Path folder, int microBatch) throws IOException {
        return AutoencoderKl.load(folder, microBatch, Tensors.onHost());
    }

    /** [1, C, T, H, W] to [T, C, H, W]. */
    private static float[] framesFirst(GoldenTensors tensors, String name) {
        long[] shape = tensors.shape(name);
        return swap(tensors.values(name), (int) shape[1], (int) shape[2]);
    }

    private static float[] swap(float[] values, int first, int second) {
        int area = values.length / (first * second);
        float[] swapped = new float[values.length];
        for (int i = 0; i < first; i++) {
            for (int j = 0; j < second; j++) {
                System.arraycopy(values, (i * second + j) * area, swapped, (j * first + i) * area, area);
            }
        }
        return swapped;
    }

    @TestFactory
    Stream<DynamicTest> encodes(@TempDir Path parent) {
        return models(parent, (tensors, published) -> {
            long before = Tensor.liveCount();
            try (AutoencoderKl codec = load(published.inOneFile(FILE), 2)) {
                checkEncoding(tensors, codec);
            }
            assertEquals(before, Tensor.liveCount());
        });
    }

    @TestFactory
    Stream<DynamicTest> readsOlderNamesFromShards(@TempDir Path parent) {
        return models(parent, (tensors, published) -> {
            published.rename(name -> name.replace("to_q.", "query.").replace("to_k.", "key.")
                    .replace("to_v.", "value.").replace("to_out.0.", "proj_attn."));
            try (AutoencoderKl codec = load(published.inShards(FILE, 2), 4)) {
                checkEncoding(tensors, codec);
            }
        });
    }

    private static void checkEncoding(GoldenTensors tensors, AutoencoderKl codec) {
        long[] shape = tensors.shape("in.video");
        int frames = (int) shape[2];
        int height = (int) shape[3];
        int width = (int) shape[4];
        float[] pixels = framesFirst(tensors, "in.video");
        float[] moments = swap(codec.moments(pixels, frames, height, width), frames, 2 * codec.channels());
        float[] mean = new float[moments.length / 2];
        float[] logVariance = new float[moments.length / 2];
        System.arraycopy(moments, 0, mean, 0, mean.length);
        System.arraycopy(moments, mean.length, logVariance, 0, mean.length);
        tensors.assertClose("encode.mean", mean, TOLERANCE);
        tensors.assertClose("encode.logvar", logVariance, TOLERANCE);
        tensors.assertClose("encode.latent_scaled",
                codec.encode(pixels, frames, height, width, tensors.values("encode.noise")), TOLERANCE);
    }

    @TestFactory
    Stream<DynamicTest> encodesSizesThatDoNotDivide(@TempDir Path parent) {
        return models(parent, (tensors, published) -> {
            try (AutoencoderKl codec = load(published.inOneFile(FILE), 1)) {
                long[] shape = tensors.shape("odd.image");
                float[] moments = codec.moments(tensors.values("odd.image"), 1, (int) shape[2], (int) shape[3]);
                float[] mean = new float[moments.length / 2];
                System.arraycopy(moments, 0, mean, 0, mean.length);
                tensors.assertClose("odd.mean", mean, TOLERANCE);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> decodes(@TempDir Path parent) {
        return models(parent, (tensors, published) -> {
            try (AutoencoderKl codec = load(published.inOneFile(FILE), 2)) {
                String[][] cases = {{"encode.latent_scaled", "decode.from_latent_scaled"}, {"in.latent2", "decode.latent2"}};
                for (String[] names : cases) {
                    long[] shape = tensors.shape(names[0]);
                    int frames = (int) shape[2];
                    float[] pixels = codec.decode(tensors.values(names[0]), frames, (int) shape[3], (int) shape[4]);
                    tensors.assertClose(names[1], swap(pixels, frames, 3), TOLERANCE);
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> drawsFromTheStreamWhateverTheMicroBatch(@TempDir Path parent) {
        return models(parent, (tensors, published) -> {
            long[] shape = tensors.shape("in.video");
            int frames = (int) shape[2];
            float[] pixels = framesFirst(tensors, "in.video");
            float[] noise = new float[tensors.values("encode.noise").length];
            KeyedRandom.of(1, 2, 3, Purpose.LATENT_NOISE).fillNormal(noise, 0, noise.length);
            Path folder = published.inOneFile(FILE);
            try (AutoencoderKl one = load(folder, 1); AutoencoderKl all = load(folder, frames)) {
                float[] expected = one.encode(pixels, frames, (int) shape[3], (int) shape[4], noise);
                assertArrayEquals(expected, all.encode(pixels, frames, (int) shape[3], (int) shape[4],
                        KeyedRandom.of(1, 2, 3, Purpose.LATENT_NOISE)), 1e-5f);
            }
        });
    }
}
