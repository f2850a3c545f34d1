// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparkreel.golden.GoldenData;
import io.sparkreel.golden.GoldenExtension;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.golden.PublishedFolder;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The micro-batch, and not the length of the clip, decides how much native memory a clip takes. */
class AutoencoderMemoryTest {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CLEAR_PEAK = Path.of("/proc/self/clear_refs");
    private static final int SIDE = 128;

    @TempDir
    private Path folder;

    @Test
    @ExtendWith(GoldenExtension.class)
    void longClipsTakeNoMoreThanShortOnes(GoldenData golden) throws IOException {
        assumeTrue(Files.isWritable(CLEAR_PEAK));
        Torch.start(2);
        new PublishedFolder(
                        folder,
                        GoldenTensors.of(golden, "vae_tiny.safetensors"),
                        golden.json("vae_tiny.json").get("config"))
                .inOneFile("diffusion_pytorch_model.safetensors");
        risen(1, 1); // loads and warms up
        double one = risen(1, 1);
        double many = risen(1, 32);
        double atOnce = risen(32, 32);
        String found = "one frame " + one + ", 32 one by one " + many + ", 32 at once " + atOnce + " MiB";
        assertTrue(atOnce > 60, found);
        assertTrue(many < one + atOnce / 3, found);
    }

    /** By how many MiB resident memory rises at most, beyond what the arrays of pixels and latents take. */
    private double risen(int microBatch, int frames) throws IOException {
        try (AutoencoderKl codec = AutoencoderKl.load(folder, microBatch, Tensors.onHost())) {
            float[] pixels = new float[frames * 3 * SIDE * SIDE];
            float[] latent = new float[frames * 4 * SIDE / 8 * SIDE / 8];
            System.gc();
            Files.writeString(CLEAR_PEAK, "5");
            double before = mebibytes("VmHWM:");
            codec.encode(pixels, frames, SIDE, SIDE, latent);
            return mebibytes("VmHWM:") - before;
        }
    }

    private static double mebibytes(String key) throws IOException {
        return Files.readAllLines(STATUS).stream()
                .filter(line -> line.startsWith(key))
                .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024.0)
                .findFirst()
                .orElseThrow();
    }
}
