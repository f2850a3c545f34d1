// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.LocalPath;
import io.sparkreel.model.checkpoint.LocalStorage;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.PublishedWriter;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import io.sparkreel.model.command.CommandWords;
import io.sparkreel.model.command.Program;
import io.sparkreel.model.family.Families;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The program behind {@code submit/export-weights RUN OUT}: writes the weights of a checkpoint as a published folder,
 * {@code config.json} beside {@code model.safetensors}, in one file or several, under the names of the published ones.
 */
public final class ExportWeights {
    private ExportWeights() {}

    /** What to export. */
    static final class Request {
        @Parameters(index = "0", paramLabel = "RUN", description = "run folder, or a checkpoint of it")
        private String run;

        @Parameters(index = "1", paramLabel = "OUT", description = "folder to write")
        private String out;

        @Option(names = "--weights", defaultValue = "ema", paramLabel = "ema|model")
        private Weights weights;

        @Option(names = "--dtype", defaultValue = "fp32", paramLabel = "TYPE", description = "of the tensors")
        private Precision dtype;

        @Option(names = "--max-file-mib", defaultValue = "5000", paramLabel = "N", description = "of one file")
        private long maxFileMib;

        /** @throws InvalidInputException if the words are no such request */
        static Request parse(String... words) {
            return CommandWords.read(new Request(), "export weights", words);
        }
    }

    private enum Weights {
        EMA(TrainingCheckpoint.EMA),
        MODEL(TrainingCheckpoint.MODEL);

        private final String name;

        Weights(String name) {
            this.name = name;
        }
    }

    private enum Precision {
        FP32(DataType.F32),
        BF16(DataType.BF16),
        FP16(DataType.F16);

        private final DataType type;

        Precision(DataType type) {
            this.type = type;
        }
    }

    /** Entry point of {@code submit/export-weights}. */
    public static void main(String[] words) throws Exception {
        Program.run(() -> run(Request.parse(words)));
    }

    static void run(Request request) throws IOException {
        Path out = LocalPath.of(request.out);
        String name = request.weights.name;
        CheckpointReader.Found found = CheckpointReader.resolve(
                new LocalStorage(LocalPath.of(request.run)), path -> TrainingCheckpoint.isWeights(name, path));
        found.warnings().forEach(System.err::println);
        CheckpointReader checkpoint = found.checkpoint();
        try (SafetensorsReader weights = checkpoint.tensors(name + TrainingCheckpoint.WEIGHTS)) {
            PublishedWriter.write(weights, out, "model", request.dtype.type, request.maxFileMib << 20);
            Files.write(out.resolve("config.json"), Families.write(TrainingCheckpoint.config(checkpoint)));
            System.out.println("Wrote " + weights.tensors().size() + " tensors of " + checkpoint + " to " + out);
        }
    }
}
