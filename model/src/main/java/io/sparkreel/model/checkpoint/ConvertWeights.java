// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.safetensors.PublishedWriter;
import io.sparkreel.model.command.CommandWords;
import io.sparkreel.model.command.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Parameters;

/**
 * The program behind {@code submit/convert-weights IN OUT}: turns PyTorch's files into safetensors of the same tensors.
 * IN is a file, or a folder of the Hugging Face hub, whose configuration and tokenizer are copied along.
 */
public final class ConvertWeights {

    private static final List<String> COMPANIONS = List.of(
            "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "spiece.model");
    private static final long MOST_FILE_BYTES = 5_000_000_000L; // as the hub's own libraries cut them

    private ConvertWeights() {}

    private static final class Request {
        @Parameters(index = "0", paramLabel = "IN", description = "file or folder of weights")
        private String in;

        @Parameters(index = "1", paramLabel = "OUT", description = "folder to write")
        private String out;
    }

    /** Entry point of {@code submit/convert-weights}. */
    public static void main(String[] words) throws Exception {
        Program.run(() -> {
            Request request = CommandWords.read(new Request(), "convert weights", words);
            run(LocalPath.of(request.in), LocalPath.of(request.out));
        });
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
