// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.safetensors.PublishedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The program behind {@code submit/convert-weights IN OUT}: turns PyTorch's files into safetensors of the same tensors.
 * IN is a file, or a folder of the Hugging Face hub, whose configuration and tokenizer are copied along.
 */
public final class ConvertWeights {

    private static final List<String> COMPANIONS = List.of(
            "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "spiece.model");
    private static final long MOST_FILE_BYTES = 5_000_000_000L; // as the hub's own libraries cut them

    private ConvertWeights() {}

    /** Exit code 2 and one line for what the user can put right. */
    public static void main(String[] arguments) throws IOException {
        try {
            if (arguments.length != 2) {
                throw new InvalidInputException("Cannot convert weights: " + arguments.length
                        + " words given. Give two: a file or folder of weights, and the folder to write.");
            }
            run(LocalPath.of(arguments[0]), LocalPath.of(arguments[1]));
        } catch (InvalidInputException e) {
            System.err.println("sparkreel: " + e.getMessage());
            System.exit(2);
        }
    }

    /**
     * Converts.
     *
     * @throws InvalidInputException if there are no such weights, or the folder holds some already
     */
    public static void run(Path in, Path out) throws IOException {
        try (WeightsFolder weights = WeightsFolder.open(in)) {
            PublishedWriter.write(
                    weights, out, weights.isOfDiffusers() ? "diffusion_pytorch_model" : "model", null, MOST_FILE_BYTES);
            for (String name : COMPANIONS) {
                Path companion = in.resolve(name);
                if (Files.isRegularFile(companion) && !Files.exists(out.resolve(name))) {
                    Files.copy(companion, out.resolve(name));
                }
            }
            System.out.println("Wrote " + weights.tensors().size() + " tensors to " + out);
        }
    }
}
