// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.Families;
import io.sparkreel.model.optim.AdamW;
import io.sparkreel.model.optim.Runs;
import io.sparkreel.model.optim.Shard;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.Trainer;
import java.io.IOException;

/**
 * The checkpoint of a run: {@code model/} and {@code ema/} with weights under their published names,
 * {@code optimizer/} with the moments, in slices that ranks wrote, and {@code state.json}. {@link CheckpointSaver}
 * writes it.
 */
public final class TrainingCheckpoint {
    /** Folder of the trained weights. */
    public static final String MODEL = "model";

    /** Folder of their EMA. */
    public static final String EMA = "ema";

    static final String CONFIG = "/config.json";
    static final String WEIGHTS = "/model.safetensors";
    static final String OPTIMIZER = "optimizer/";
    static final String STATE = "state.json";
    /** Which elements of all parameters a file of moments holds, as {@link Shard#text} names them. */
    static final String PARTS = "parts";

    static final String FIRST_MOMENT = "exp_avg";
    static final String SECOND_MOMENT = "exp_avg_sq";

    private static final ObjectMapper JSON = new ObjectMapper();

    private TrainingCheckpoint() {}

    /** The sizes of the model in a checkpoint. */
    public static DenoiserConfig config(CheckpointReader checkpoint) throws IOException {
        return Families.read(JSON.readTree(checkpoint.read(MODEL + CONFIG)));
    }

    /** Where the run stood. */
    public static RunState state(CheckpointReader checkpoint) throws IOException {
        return JSON.readValue(checkpoint.read(STATE), RunState.class);
    }

    /** Whether a file of a checkpoint is needed for the weights of {@code folder} alone. */
    public static boolean isWeights(String folder, String path) {
        return path.equals(folder + CONFIG) || path.equals(folder + WEIGHTS);
    }

    /**
     * Reads the weights alone, from a checkpoint whose files have been verified.
     *
     * @param folder {@link #MODEL} or {@link #EMA}
     */
    public static void readWeights(CheckpointReader checkpoint, String folder, ModelWeights weights)
            throws IOException {
        try (SafetensorsReader reader = checkpoint.tensors(folder + WEIGHTS)) {
            WeightsFile.read(reader, weights);
        }
    }

    /**
     * Reads the weights alone, and verifies their file meanwhile.
     *
     * @param folder {@link #MODEL} or {@link #EMA}
     * @throws InvalidInputException if the file is damaged; the weights are of no use then
     */
    public static void readVerifiedWeights(CheckpointReader checkpoint, String folder, ModelWeights weights)
            throws IOException {
        checkpoint.readVerified(folder + WEIGHTS, reader -> WeightsFile.read(reader, weights));
    }

    /**
     * Puts weights, EMA and optimizer back as they were written, by however many ranks. A rank reads the weights and
     * what it keeps of the rest, from files that the driver has verified.
     */
    public static RunState restore(CheckpointReader checkpoint, ModelWeights weights, Trainer trainer)
            throws IOException {
        RunState state = state(checkpoint);
        readWeights(checkpoint, MODEL, weights);
        Shard kept = trainer.ema().shard();
        try (SafetensorsReader reader = checkpoint.tensors(EMA + WEIGHTS)) {
            WeightsFile.read(
                    reader,
                    weights,
                    kept,
                    (begin, values) -> kept.write(trainer.ema().values(), begin, values));
        }
        AdamW optimizer = trainer.optimizer();
        long restored = 0;
        for (String path : checkpoint.files().keySet()) {
            if (path.startsWith(OPTIMIZER)) {
                try (SafetensorsReader reader = checkpoint.tensors(path)) {
                    restored += restoreMoments(
                            reader, optimizer, weights.parameters().runs());
                }
            }
        }
        if (restored != optimizer.firstMoment().elements()) {
            throw new InvalidInputException("Cannot resume from " + checkpoint + ": its optimizer state covers "
                    + restored + " of " + optimizer.firstMoment().elements()
                    + " parameters. Take another checkpoint of the run.");
        }
        optimizer.resumeAt(state.optimizerSteps());
        return state;
    }

    /** Reads what this rank keeps and trains of a file's moments; returns how many elements that was. */
    private static long restoreMoments(SafetensorsReader reader, AdamW optimizer, Runs trained) throws IOException {
        long[] restored = {0};
        Shard kept = optimizer.shard();
        for (Shard.Part stored : Shard.parse(reader.metadata().get(PARTS)).parts()) {
            for (Runs.Run run : trained.within(stored.begin(), stored.elements())) {
                Shard.Part part = new Shard.Part(run.part(), stored.local() + run.whole(), run.elements());
                WeightsFile.readRange(
                        reader,
                        FIRST_MOMENT,
                        part,
                        kept,
                        (begin, values) -> restored[0] += kept.write(optimizer.firstMoment(), begin, values));
                WeightsFile.readRange(
                        reader,
                        SECOND_MOMENT,
                        part,
                        kept,
                        (begin, values) -> kept.write(optimizer.secondMoment(), begin, values));
            }
        }
        return restored[0];
    }
}
