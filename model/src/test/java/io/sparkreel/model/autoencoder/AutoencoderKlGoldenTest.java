// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.golden.PublishedFolder;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The autoencoder against what the reference's library gave. */
@Golden
class AutoencoderKlGoldenTest {
    private static final double TOLERANCE = 1e-4;
    private static final String FILE = "diffusion_pytorch_model.safetensors";

    private static GoldenData golden;

    @BeforeAll
    static void start(GoldenData data) {
        golden = data;
        Torch.start(1);
    }

    private interface CaseBody {
        void run(GoldenTensors tensors, PublishedFolder published) throws IOException;
    }

    private static Stream<DynamicTest> models(Path parent, CaseBody body) {
        return golden.files("vae_.*\\.safetensors").stream()
                .map(file -> DynamicTest.dynamicTest(file, () -> {
                    GoldenTensors tensors = GoldenTensors.of(golden, file);
                    Path folder = Files.createDirectory(parent.resolve(file));
                    body.run(
                            tensors,
                            new PublishedFolder(
                                    folder,
                                    tensors,
                                    golden.json(file.replace(".safetensors", ".json"))
                                            .get("config")));
                }));
    }

    private static AutoencoderKl load(Path folder, int microBatch) throws IOException {
        return AutoencoderKl.load(folder, microBatch, Tensors.onHost());
    }

    /** Clips [B, C, T, H, W], one of them at a time. */
    private record Clips(float[] values, int count, int channels, int frames, int height, int width) {
        static Clips of(GoldenTensors tensors, String name) {
            long[] shape = tensors.shape(name);
            return new Clips(tensors.values(name), (int) shape[0], (int) shape[1], (int) shape[2], (int) shape[3], (int)
                    shape[4]);
        }

        /** [C, T, H, W] */
        float[] clip(int index) {
            int size = values.length / count;
            return Arrays.copyOfRange(values, index * size, (index + 1) * size);
        }

        /** [T, C, H, W] */
        float[] framesFirst(int index) {
            return swap(clip(index), channels, frames);
        }
    }

    private static float[] joined(List<float[]> clips) {
        float[] all = new float[clips.stream().mapToInt(clip -> clip.length).sum()];
        int at = 0;
        for (float[] clip : clips) {
            System.arraycopy(clip, 0, all, at, clip.length);
            at += clip.length;
        }
        return all;
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
            published.rename(name -> name.replace("to_q.", "query.")
                    .replace("to_k.", "key.")
                    .replace("to_v.", "value.")
                    .replace("to_out.0.", "proj_attn."));
            try (AutoencoderKl codec = load(published.inShards(FILE, 2), 4)) {
                checkEncoding(tensors, codec);
            }
        });
    }

    private static void checkEncoding(GoldenTensors tensors, AutoencoderKl codec) {
        Clips videos = Clips.of(tensors, "in.video");
        Clips noise = Clips.of(tensors, "encode.noise");
        List<float[]> means = new ArrayList<>();
        List<float[]> logVariances = new ArrayList<>();
        List<float[]> latents = new ArrayList<>();
        for (int i = 0; i < videos.count(); i++) {
            float[] pixels = videos.framesFirst(i);
            float[] moments = swap(
                    codec.moments(pixels, videos.frames(), videos.height(), videos.width()),
                    videos.frames(),
                    2 * codec.geometry().channels()); // [2C, T, h, w]
            means.add(Arrays.copyOf(moments, moments.length / 2));
            logVariances.add(Arrays.copyOfRange(moments, moments.length / 2, moments.length));
            latents.add(codec.encode(pixels, videos.frames(), videos.height(), videos.width(), noise.clip(i)));
        }
        tensors.assertClose("encode.mean", joined(means), TOLERANCE);
        tensors.assertClose("encode.logvar", joined(logVariances), TOLERANCE);
        tensors.assertClose("encode.latent_scaled", joined(latents), TOLERANCE);
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
                String[][] cases = {
                    {"encode.latent_scaled", "decode.from_latent_scaled"}, {"in.latent2", "decode.latent2"}
                };
                for (String[] names : cases) {
                    Clips latents = Clips.of(tensors, names[0]);
                    List<float[]> videos = new ArrayList<>();
                    for (int i = 0; i < latents.count(); i++) {
                        videos.add(swap(
                                codec.decode(latents.clip(i), latents.frames(), latents.height(), latents.width()),
                                latents.frames(),
                                3));
                    }
                    tensors.assertClose(names[1], joined(videos), TOLERANCE);
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> drawsFromTheStreamWhateverTheMicroBatch(@TempDir Path parent) {
        return models(parent, (tensors, published) -> {
            Clips videos = Clips.of(tensors, "in.video");
            float[] pixels = videos.framesFirst(0);
            float[] noise = new float[tensors.values("encode.noise").length / videos.count()];
            KeyedRandom.of(1, 2, 3, Purpose.LATENT_NOISE).fillNormal(noise, 0, noise.length);
            Path folder = published.inOneFile(FILE);
            try (AutoencoderKl one = load(folder, 1);
                    AutoencoderKl all = load(folder, videos.frames())) {
                float[] expected = one.encode(pixels, videos.frames(), videos.height(), videos.width(), noise);
                float[] found = all.encode(
                        pixels,
                        videos.frames(),
                        videos.height(),
                        videos.width(),
                        KeyedRandom.of(1, 2, 3, Purpose.LATENT_NOISE));
                assertEquals(0, GoldenTensors.error(expected, found), 1e-5);
            }
        });
    }
}
