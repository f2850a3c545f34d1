// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import io.sparkreel.model.checkpoint.CheckpointWriter;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsWriter;
import io.sparkreel.model.family.Families;
import io.sparkreel.model.optim.AdamW;
import io.sparkreel.model.optim.Shard;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.Trainer;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What one rank writes of a checkpoint, and its copy in memory: the weights, their EMA, a slice of the
 * optimizer's moments. The work is dealt out so that the ranks write about the same number of bytes.
 */
final class CheckpointShare implements AutoCloseable {
    private final ModelWeights weights;
    private final Trainer trainer;
    private final int rank;
    private final int ranks;
    private final Shard moments; // those that this rank writes
    private final Snapshot model; // null where another rank writes it
    private final Snapshot ema; // null where another rank writes it
    private final Snapshot firstMoment; // null where there is nothing to write
    private final Snapshot secondMoment;

    CheckpointShare(ModelWeights weights, Trainer trainer, int rank, int ranks) {
        this.weights = weights;
        this.trainer = trainer;
        this.rank = rank;
        this.ranks = ranks;
        AdamW optimizer = trainer.optimizer();
        long elements = weights.parameters().layout().elements();
        model = rank == 0 ? all(weights.parameters().values()) : null;
        ema = rank == 1 % ranks ? new Snapshot(elements) : null;
        boolean sharded = optimizer.shard().elements() < elements;
        long[] bounds = momentBounds(elements, ranks);
        moments = sharded ? optimizer.shard() : Shard.between(bounds[rank], bounds[rank + 1]);
        long begin = sharded ? 0 : bounds[rank];
        long count = moments.elements();
        firstMoment = count == 0 ? null : new Snapshot(optimizer.firstMoment(), begin, count);
        secondMoment = count == 0 ? null : new Snapshot(optimizer.secondMoment(), begin, count);
    }

    private static Snapshot all(FlatBuffer values) {
        return new Snapshot(values, 0, values.elements());
    }

    /**
     * Where each rank's slice of the moments begins, and the end. Rank 0 also writes the weights, and rank 1 their
     * EMA; each of the two is half the size of both moments.
     */
    static long[] momentBounds(long elements, int ranks) {
        double[] room = new double[ranks];
        double total = 0;
        for (int rank = 0; rank < ranks; rank++) {
            double taken = (rank == 0 ? 1 : 0) + (rank == 1 % ranks ? 1 : 0); // of four vectors in all
            room[rank] = Math.max(0, 4.0 / ranks - taken);
            total += room[rank];
        }
        long[] bounds = new long[ranks + 1];
        double upTo = 0;
        for (int rank = 0; rank < ranks - 1; rank++) {
            upTo += room[rank];
            bounds[rank + 1] = (long) (elements * upTo / total);
        }
        bounds[ranks] = elements;
        return bounds;
    }

    /** Copies the state as it is now; all ranks call this together. */
    void take() {
        for (Snapshot snapshot : new Snapshot[] {model, firstMoment, secondMoment}) {
            if (snapshot != null) {
                snapshot.take();
            }
        }
        trainer.gatheredEma().read((begin, values) -> {
            if (ema != null) {
                ema.put(begin, values);
            }
        });
    }

    /** Writes the copy. */
    void write(CheckpointWriter writer) throws IOException {
        if (model != null) {
            writeWeights(writer, TrainingCheckpoint.MODEL, model);
        }
        if (ema != null) {
            writeWeights(writer, TrainingCheckpoint.EMA, ema);
        }
        if (firstMoment != null) {
            writeMoments(writer);
        }
    }

    private void writeWeights(CheckpointWriter writer, String folder, Snapshot values) throws IOException {
        try (OutputStream out = writer.create(folder + TrainingCheckpoint.CONFIG)) {
            out.write(Families.write(weights.config()));
        }
        WeightsFile.write(writer.create(folder + TrainingCheckpoint.WEIGHTS), weights, values);
    }

    private void writeMoments(CheckpointWriter writer) throws IOException {
        long count = firstMoment.elements();
        String name = String.format(
                Locale.ROOT, "%srank-%05d-of-%05d.safetensors", TrainingCheckpoint.OPTIMIZER, rank, ranks);
        try (SafetensorsWriter file = SafetensorsWriter.builder()
                .metadata(TrainingCheckpoint.PARTS, parts())
                .metadata("elements", Long.toString(weights.parameters().all().elements()))
                .tensor(TrainingCheckpoint.FIRST_MOMENT, DataType.F32, count)
                .tensor(TrainingCheckpoint.SECOND_MOMENT, DataType.F32, count)
                .writeTo(writer.create(name))) {
            WeightsFile.writeRange(file, TrainingCheckpoint.FIRST_MOMENT, firstMoment, 0, count);
            WeightsFile.writeRange(file, TrainingCheckpoint.SECOND_MOMENT, secondMoment, 0, count);
            file.commit();
        }
    }

    /** Where the moments lie among those of all parameters, of which some may be frozen and have none. */
    private String parts() {
        return moments.parts().stream()
                .flatMap(part -> weights.parameters().runs().between(part.begin(), part.elements()).stream())
                .map(run -> run.whole() + "+" + run.elements())
                .collect(Collectors.joining(" "));
    }

    @Override
    public void close() {
        for (Snapshot snapshot : new Snapshot[] {model, ema, firstMoment, secondMoment}) {
            if (snapshot != null) {
                snapshot.close();
            }
        }
    }
}
