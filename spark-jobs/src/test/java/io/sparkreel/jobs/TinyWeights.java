// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A tiny T5 and a tiny autoencoder, of the golden data, as folders of the kind that is published. */
final class TinyWeights {
    private static final Path GOLDEN =
            Path.of(System.getProperty("project.root")).resolve("model/src/test/resources/golden");

    private TinyWeights() {}

    static void textEncoder(Path folder) throws IOException {
        published(folder, "t5_tiny", "model.safetensors");
        Files.copy(GOLDEN.resolve("t5_tiny.model"), folder.resolve("spiece.model"));
    }

    static void autoencoder(Path folder) throws IOException {
        published(folder, "vae_tiny", "diffusion_pytorch_model.safetensors");
    }

    private static void published(Path folder, String golden, String fileName) throws IOException {
        Files.createDirectories(folder);
        JsonNode config = new ObjectMapper()
                .readTree(GOLDEN.resolve(golden + ".json").toFile())
                .get("config");
        new ObjectMapper().writeValue(folder.resolve("config.json").toFile(), config);
        try (SafetensorsReader tensors = SafetensorsReader.open(GOLDEN.resolve(golden + ".safetensors"))) {
            List<String> names = tensors.tensors().keySet().stream()
                    .filter(name -> name.startsWith("weights."))
                    .toList();
            SafetensorsWriter.Builder builder = SafetensorsWriter.builder();
            names.forEach(name -> builder.tensor(
                    name.substring("weights.".length()),
                    tensors.tensors().get(name).dataType(),
                    tensors.tensors().get(name).shape()));
            try (SafetensorsWriter writer = builder.create(folder.resolve(fileName))) {
                for (String name : names) {
                    ByteBuffer bytes = ByteBuffer.allocate(
                            (int) tensors.tensors().get(name).byteLength());
                    tensors.readBytes(name, 0, bytes);
                    writer.writeBytes(name.substring("weights.".length()), bytes.flip());
                }
                writer.commit();
            }
        }
    }
}
