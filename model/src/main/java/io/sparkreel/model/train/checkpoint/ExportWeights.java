// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.LocalPath;
import io.sparkreel.model.checkpoint.LocalStorage;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.PublishedWriter;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import io.sparkreel.model.family.Families;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The program behind {@code submit/export-weights RUN OUT}: writes the weights of a checkpoint as a published folder,
 * {@code config.json} beside {@code model.safetensors}, in one file or several, under the names of the published ones.
 */
public final class ExportWeights {
    private static final Map<String, DataType> PRECISIONS =
            Map.of("fp32", DataType.F32, "bf16", DataType.BF16, "fp16", DataType.F16);

    private ExportWeights() {}

    /**
     * What to export.
     *
     * @param run a run folder, of which the newest valid checkpoint is meant, or a checkpoint
     * @param out the folder to write
     * @param weights {@link TrainingCheckpoint#MODEL} or {@link TrainingCheckpoint#EMA}
     * @param precision of the tensors
     * @param mostBytes of one file
     */
    record Request(Path run, Path out, String weights, DataType precision, long mostBytes) {
        /**
         * Reads the words of a command line.
         *
         * @throws InvalidInputException if they say something else
         */
        static Request parse(String... words) {
            List<Path> folders = new ArrayList<>();
            String weights = TrainingCheckpoint.EMA;
            DataType precision = DataType.F32;
            long mostBytes = 5000L << 20;
            for (int i = 0; i < words.length; i++) {
                if (!words[i].startsWith("--")) {
                    folders.add(LocalPath.of(words[i]));
                    continue;
                }
                String value = i + 1 < words.length ? words[i + 1] : "";
                switch (words[i++]) {
                    case "--weights" ->
                        weights = requireValue(
                                words[i - 1],
                                value,
                                List.of(TrainingCheckpoint.EMA, TrainingCheckpoint.MODEL)
                                        .contains(value),
                                "ema or model");
                    case "--dtype" ->
                        precision = PRECISIONS.get(
                                requireValue("--dtype", value, PRECISIONS.containsKey(value), "fp32, bf16 or fp16"));
                    case "--max-file-mib" ->
                        mostBytes = Long.parseLong(requireValue(
                                        "--max-file-mib",
                                        value,
                                        value.matches("[1-9]\\d{0,8}"),
                                        "a whole number of at least 1"))
                                << 20;
                    default ->
                        throw new InvalidInputException("Cannot export weights: there is no option " + words[i - 1]
                                + ". Use --weights, --dtype or --max-file-mib.");
                }
            }
            if (folders.size() != 2) {
                throw new InvalidInputException("Cannot export weights: " + folders.size()
                        + " folders given. Give two: a run or checkpoint, and the folder to write.");
            }
            return new Request(folders.get(0), folders.get(1), weights, precision, mostBytes);
        }

        private static String requireValue(String option, String value, boolean holds, String expected) {
            if (!holds) {
                throw new InvalidInputException(
                        "Cannot export weights: " + option + " is '" + value + "'. Give " + expected + ".");
            }
            return value;
        }
    }

    /** Exit code 2 and one line for what the user can put right. */
    public static void main(String[] arguments) throws IOException {
        try {
            run(Request.parse(arguments));
        } catch (InvalidInputException e) {
            System.err.println("sparkreel: " + e.getMessage());
            System.exit(2);
        }
    }

    static void run(Request request) throws IOException {
        CheckpointReader.Found found = CheckpointReader.resolve(
                new LocalStorage(request.run()), path -> TrainingCheckpoint.isWeights(request.weights(), path));
        found.warnings().forEach(System.err::println);
        CheckpointReader checkpoint = found.checkpoint();
        try (SafetensorsReader weights = checkpoint.tensors(request.weights() + TrainingCheckpoint.WEIGHTS)) {
            PublishedWriter.write(weights, request.out(), "model", request.precision(), request.mostBytes());
            Files.write(request.out().resolve("config.json"), Families.write(TrainingCheckpoint.config(checkpoint)));
            System.out.println(
                    "Wrote " + weights.tensors().size() + " tensors of " + checkpoint + " to " + request.out());
        }
    }
}
