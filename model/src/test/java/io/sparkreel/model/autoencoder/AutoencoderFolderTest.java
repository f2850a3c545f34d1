// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.golden.GoldenExtension;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.golden.PublishedFolder;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an autoencoder's folder that does not fit is refused with. */
@ExtendWith(GoldenExtension.class)
class AutoencoderFolderTest {
    private static final String FILE = "diffusion_pytorch_model.safetensors";

    @TempDir
    private Path folder;

    private static GoldenData golden;

    @BeforeAll
    static void start(GoldenData data) {
        golden = data;
        Torch.start(1);
    }

    private PublishedFolder published(JsonNode config) throws IOException {
        return new PublishedFolder(folder, GoldenTensors.of(golden, "vae_tiny.safetensors"), config);
    }

    private static ObjectNode config() {
        return (ObjectNode) golden.json("vae_tiny.json").get("config");
    }

    private String refusal(int microBatch) {
        long before = Tensor.liveCount();
        String message = assertThrows(
                        InvalidInputException.class,
                        () -> AutoencoderKl.load(folder, microBatch, Tensors.onHost())
                                .close())
                .getMessage();
        assertEquals(before, Tensor.liveCount());
        return message;
    }

    @Test
    void namesWhatIsMissing() throws IOException {
        assertTrue(refusal(0).contains("micro_batch_size is 0"), refusal(0));
        assertTrue(refusal(1).contains("no config.json"), refusal(1));
        PublishedFolder published = published(config());
        published.weights().remove("quant_conv.bias");
        published.inOneFile(FILE);
        assertTrue(refusal(1).contains("no quant_conv.bias"), refusal(1));
    }

    @ParameterizedTest
    @CsvSource({
        "act_fn,relu",
        "layers_per_block,0",
        "norm_num_groups,5",
        "in_channels,4",
        "scaling_factor,-1",
        "block_out_channels,32"
    })
    void refusesAnotherModel(String key, String value) throws IOException {
        ObjectNode config = config();
        published(config.put(key, value)).inOneFile(FILE);
        assertTrue(refusal(1).startsWith("Cannot "), refusal(1));
    }

    @Test
    void refusesOtherBlocks() throws IOException {
        ObjectNode config = config();
        config.withArray("down_block_types").set(0, "AttnDownEncoderBlock2D");
        published(config).inOneFile(FILE);
        assertTrue(refusal(1).contains("down_block_types is [AttnDownEncoderBlock2D"), refusal(1));
    }

    @Test
    void refusesPicturesBelowOneCell() throws IOException {
        try (AutoencoderKl codec = AutoencoderKl.load(published(config()).inOneFile(FILE), 1, Tensors.onHost())) {
            assertEquals(8, codec.geometry().spatialFactor());
            assertEquals(4, codec.geometry().channels());
            assertThrows(
                    InvalidInputException.class,
                    () -> codec.encode(new float[3 * 7 * 16], 1, 7, 16, KeyedRandom.of(0, 0, 0, Purpose.LATENT_NOISE)));
        }
    }
}
