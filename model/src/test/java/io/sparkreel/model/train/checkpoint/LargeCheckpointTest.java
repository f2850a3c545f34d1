// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.CheckpointWriter;
import io.sparkreel.model.checkpoint.CountingStorage;
import io.sparkreel.model.checkpoint.LocalStorage;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsWriter;
import io.sparkreel.model.collective.RefusingCollective;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.optim.Shard;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.Trainer;
import io.sparkreel.model.train.TrainerOptions;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is read of a checkpoint of the published size with random weights: by the driver, by two ranks that shard the
 * optimizer, and by an executor of inference. It takes 12 GB of disk and 11 GB of memory.
 */
@Tag("slow")
class LargeCheckpointTest {
    private static final String CHECKPOINT = "epoch0-global_step1000";
    private static final int RANKS = 2;
    private static final Tensors HOST = Tensors.onHost();
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    private Path run;

    @BeforeAll
    static void start() {
        Torch.start(2);
    }

    private static Stdit2Config publishedSize() {
        return Stdit2Config.published("STDiT2-XL/2").orElseThrow();
    }

    private static String moments(int rank) {
        return String.format("optimizer/rank-%05d-of-%05d.safetensors", rank, RANKS);
    }

    private void write(ModelWeights weights) throws IOException {
        LocalStorage storage = new LocalStorage(run);
        CheckpointWriter writer = new CheckpointWriter(storage, CHECKPOINT);
        FloatRange values = weights.parameters().values()::read;
        for (String folder : List.of(TrainingCheckpoint.MODEL, TrainingCheckpoint.EMA)) {
            put(writer, folder + "/config.json", JSON.writeValueAsBytes(weights.config()));
            WeightsFile.write(writer.create(folder + "/model.safetensors"), weights, values);
        }
        for (int rank = 0; rank < RANKS; rank++) {
            Shard shard = Shard.of(weights.parameters().layout(), rank, RANKS);
            try (SafetensorsWriter file = SafetensorsWriter.builder()
                    .metadata(TrainingCheckpoint.PARTS, shard.text())
                    .tensor(TrainingCheckpoint.FIRST_MOMENT, DataType.F32, shard.elements())
                    .tensor(TrainingCheckpoint.SECOND_MOMENT, DataType.F32, shard.elements())
                    .writeTo(writer.create(moments(rank)))) {
                WeightsFile.writeRange(file, TrainingCheckpoint.FIRST_MOMENT, values, 0, shard.elements());
                WeightsFile.writeRange(file, TrainingCheckpoint.SECOND_MOMENT, values, 0, shard.elements());
                file.commit();
            }
        }
        RunState state = new RunState(0, 1000, 1000, 1000, 42, "plan", new Iddpm(Iddpm.Options.REFERENCE).identity());
        put(writer, TrainingCheckpoint.STATE, JSON.writeValueAsBytes(state));
        CheckpointWriter.commit(storage, CHECKPOINT, writer.written());
    }

    private static void put(CheckpointWriter writer, String name, byte[] content) throws IOException {
        try (OutputStream out = writer.create(name)) {
            out.write(content);
        }
    }

    private long size(String file) throws IOException {
        return Files.size(run.resolve(CHECKPOINT).resolve(file));
    }

    /** Bytes of a safetensors file before its data. */
    private long head(String file) throws IOException {
        try (DataInputStream in =
                new DataInputStream(Files.newInputStream(run.resolve(CHECKPOINT).resolve(file)))) {
            return Long.BYTES + Long.reverseBytes(in.readLong());
        }
    }

    /** What was read of files of tensors, by their path in the checkpoint. */
    private static Map<String, Long> tensors(CountingStorage storage) {
        Map<String, Long> read = new TreeMap<>();
        storage.take().forEach((path, bytes) -> {
            if (path.endsWith(".safetensors")) {
                read.put(path.substring(CHECKPOINT.length() + 1), bytes);
            }
        });
        return read;
    }

    @Test
    void eachReadsWhatItNeedsOnce() throws IOException {
        Stdit2Config config = publishedSize();
        long caption = 4L * config.modelMaxLength() * config.captionChannels();
        CountingStorage storage = new CountingStorage(new LocalStorage(run));
        CheckpointReader checkpoint;
        long elements;
        try (ModelWeights weights = new ModelWeights(config, HOST)) {
            weights.initialise(3);
            elements = weights.parameters().layout().elements();
            write(weights);
            checkpoint = CheckpointReader.open(storage, CHECKPOINT);
            assertEquals(Map.of(), tensors(storage));

            // Inference: the EMA, once.
            TrainingCheckpoint.readVerifiedWeights(checkpoint, TrainingCheckpoint.EMA, weights);
            assertEquals(Map.of("ema/model.safetensors", size("ema/model.safetensors")), tensors(storage));
        }

        // The driver of training: every file, once.
        checkpoint.verify(path -> true);
        Map<String, Long> whole = new TreeMap<>();
        for (String file : List.of("ema/model.safetensors", "model/model.safetensors", moments(0), moments(1))) {
            whole.put(file, size(file));
        }
        assertEquals(whole, tensors(storage));

        for (int rank = 0; rank < RANKS; rank++) {
            try (ModelWeights weights = new ModelWeights(config, HOST);
                    Trainer trainer = new Trainer(
                            TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 42)
                                    .withOptimizer(OptimizerOptions.REFERENCE.withSharding(true)),
                            weights,
                            HOST,
                            new RefusingCollective(rank))) {
                long own = trainer.optimizer().shard().elements();
                TrainingCheckpoint.restore(checkpoint, weights, trainer);
                assertEquals(
                        Map.of(
                                "model/model.safetensors",
                                head("model/model.safetensors") + caption + 4 * elements,
                                "ema/model.safetensors",
                                head("ema/model.safetensors") + caption + 4 * own,
                                moments(rank),
                                size(moments(rank)),
                                moments(1 - rank),
                                head(moments(1 - rank))),
                        tensors(storage));
            }
        }
    }
}
