// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import io.sparkreel.model.collective.Work;
import io.sparkreel.model.torch.Tensors;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.optim.AdamW;
import io.sparkreel.model.optim.Shard;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * The checkpoint of a run: {@code model/} and {@code ema/} with weights under their published names,
 * {@code optimizer/} with the moments, in slices that ranks wrote, and {@code state.json}. {@link CheckpointSaver}
 * writes it.
 */
public final class TrainingCheckpoint {
    /** Folder of the trained weights. */
    public static final String MODEL = "model";

    /** Folder of their average. */
    public static final String EMA = "ema";

    static final String CONFIG = "/config.json";
    static final String WEIGHTS = "/model.safetensors";
    static final String OPTIMIZER = "optimizer/";
    static final String STATE = "state.json";
    /** Which elements a file of moments holds, as {@link Shard#text} names them. */
    static final String PARTS = "parts";

    static final String FIRST_MOMENT = "exp_avg";
    static final String SECOND_MOMENT = "exp_avg_sq";

    private static final ObjectMapper JSON = new ObjectMapper();

    private TrainingCheckpoint() {}

    /** The sizes of the model in a checkpoint. */
    public static Stdit2Config config(CheckpointReader checkpoint) throws IOException {
        return JSON.readValue(checkpoint.read(MODEL + CONFIG), Stdit2Config.class);
    }

    /** Where the run stood. */
    public static RunState state(CheckpointReader checkpoint) throws IOException {
        return JSON.readValue(checkpoint.read(STATE), RunState.class);
    }

    /**
     * Reads the weights alone.
     *
     * @param folder {@link #MODEL} or {@link #EMA}
     */
    public static void readWeights(CheckpointReader checkpoint, String folder, ModelWeights weights)
            throws IOException {
        withTensors(
                checkpoint,
                folder + WEIGHTS,
                reader -> WeightsFile.read(reader, weights, weights.parameters().values()::write));
    }

    /** Puts weights, average and optimizer back as they were written, by however many ranks. */
    public static RunState restore(CheckpointReader checkpoint, ModelWeights weights, Trainer trainer)
            throws IOException {
        RunState state = state(checkpoint);
        readWeights(checkpoint, MODEL, weights);
        withTensors(
                checkpoint,
                EMA + WEIGHTS,
                reader -> WeightsFile.read(
                        reader,
                        weights,
                        (begin, values) ->
                                trainer.ema().shard().write(trainer.ema().values(), begin, values)));
        AdamW optimizer = trainer.optimizer();
        long[] restored = {0};
        for (String path : checkpoint.files().keySet()) {
            if (path.startsWith(OPTIMIZER)) {
                withTensors(checkpoint, path, reader -> restored[0] += restoreMoments(reader, optimizer));
            }
        }
        if (restored[0] != optimizer.firstMoment().elements()) {
            throw new InvalidInputException("Cannot resume from " + checkpoint + ": its optimizer state covers "
                    + restored[0] + " of " + optimizer.firstMoment().elements()
                    + " parameters. Take another checkpoint of the run.");
        }
        optimizer.resumeAt(state.optimizerSteps());
        return state;
    }

    /** Reads what this rank keeps of a file's moments; returns how many elements that was. */
    private static long restoreMoments(SafetensorsReader reader, AdamW optimizer) throws IOException {
        long[] restored = {0};
        Shard kept = optimizer.shard();
        for (Shard.Part part : Shard.parse(reader.metadata().get(PARTS)).parts()) {
            WeightsFile.readRange(
                    reader,
                    FIRST_MOMENT,
                    part,
                    (begin, values) -> restored[0] += kept.write(optimizer.firstMoment(), begin, values));
            WeightsFile.readRange(
                    reader,
                    SECOND_MOMENT,
                    part,
                    (begin, values) -> kept.write(optimizer.secondMoment(), begin, values));
        }
        return restored[0];
    }

    /** Work on an open file of tensors. */
    private interface TensorsConsumer {
        void accept(SafetensorsReader reader) throws IOException;
    }

    /** Tensors are mapped, so a file that lies elsewhere is copied to this node first. */
    private static void withTensors(CheckpointReader checkpoint, String path, TensorsConsumer body) throws IOException {
        Optional<Path> local = checkpoint.localPath(path);
        if (local.isPresent()) {
            try (SafetensorsReader reader = SafetensorsReader.open(local.get())) {
                body.accept(reader);
            }
            return;
        }
        Path copy = Files.createTempFile("sparkreel-", ".safetensors");
        try {
            try (var in = checkpoint.open(path)) {
                Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
            }
            try (SafetensorsReader reader = SafetensorsReader.open(copy)) {
                body.accept(reader);
            }
        } finally {
            Files.deleteIfExists(copy);
        }
    }
}
