// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.CountingStorage;
import io.sparkreel.model.checkpoint.LocalStorage;
import io.sparkreel.model.checkpoint.Storage;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.optim.AdamW;
import io.sparkreel.model.optim.Shard;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.TinyTraining.Outcome;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each rank keeps and updates its part of the parameters; what comes out is what one rank alone would get. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShardedTrainingTest {
    private static final int STEPS = 50;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    private static List<Outcome> train(int ranks, boolean sharded, boolean checkpointActivations) throws Exception {
        ThreadRanks.Body<Outcome> body = collective -> {
            try (TinyTraining training = new TinyTraining(collective, sharded, checkpointActivations)) {
                return training.trainUntil(STEPS);
            }
        };
        return ranks == 1 ? List.of(body.run(new SingleProcess())) : ThreadRanks.run(ranks, body);
    }

    @Test
    void lossesAreTheSameOnAnyNumberOfRanks() throws Exception {
        List<Double> alone = train(1, false, false).get(0).losses();
        for (int ranks : new int[] {1, 2, 4}) {
            Outcome plain = train(ranks, false, false).get(0);
            float[] first = train(ranks, true, false).get(0).parameters();
            for (boolean checkpointActivations : new boolean[] {false, true}) {
                for (Outcome rank : train(ranks, true, checkpointActivations)) {
                    for (int step = 0; step < STEPS; step++) {
                        assertEquals(alone.get(step), rank.losses().get(step), 1e-5, "step " + step);
                    }
                    assertArrayEquals(first, rank.parameters());
                    // Sums and norm are the same to the bit, but libtorch rounds the last few elements of a vector,
                    // which do not fill a register, otherwise than the rest; and Adam divides by tiny moments.
                    assertArrayEquals(plain.parameters(), rank.parameters(), 1e-4f);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"true, 4, true, 2", "true, 2, false, 3", "false, 2, true, 4", "true, 3, false, 1"})
    void checkpointsServeAnyNumberOfRanksWithAndWithoutSharding(
            boolean writtenSharded, int writers, boolean readSharded, int readers, @TempDir Path folder)
            throws Exception {
        Storage storage = new LocalStorage(folder);
        List<Outcome> unbroken = ThreadRanks.run(writers, collective -> {
            try (TinyTraining training = new TinyTraining(collective, writtenSharded, false)) {
                training.trainUntil(4);
                training.save(storage);
                return training.trainUntil(8);
            }
        });
        ThreadRanks.Body<List<Double>> goOn = collective -> {
            try (TinyTraining training = new TinyTraining(collective, readSharded, false)) {
                training.restore(CheckpointReader.newest(storage, path -> true)
                        .orElseThrow()
                        .checkpoint());
                return training.trainUntil(8).losses();
            }
        };
        for (List<Double> losses :
                readers == 1 ? List.of(goOn.run(new SingleProcess())) : ThreadRanks.run(readers, goOn)) {
            for (int step = 0; step < losses.size(); step++) {
                assertEquals(unbroken.get(0).losses().get(step), losses.get(step), 1e-5);
            }
        }
        try (TinyTraining plain = new TinyTraining(new SingleProcess())) {
            plain.trainUntil(4);
            assertArrayEquals(TinyTraining.values(plain.trainer().ema().values()), read(storage), 1e-4f);
        }
    }

    @Test
    void aRankReadsTheWeightsAndOfTheRestOnlyWhatItKeeps(@TempDir Path folder) throws Exception {
        Storage storage = new LocalStorage(folder);
        String name = ThreadRanks.run(3, collective -> {
                    try (TinyTraining training = new TinyTraining(collective, true, false)) {
                        training.trainUntil(2);
                        return training.save(storage);
                    }
                })
                .get(0);
        long caption = 4L * TinyTraining.CONFIG.modelMaxLength() * TinyTraining.CONFIG.captionChannels();
        long all = TinyTraining.CONFIG.layout().elements();
        List<Long> kept = ThreadRanks.run(2, collective -> {
            CountingStorage counting = new CountingStorage(storage);
            CheckpointReader checkpoint = CheckpointReader.open(counting, name);
            counting.take();
            try (TinyTraining training = new TinyTraining(collective, true, false)) {
                training.restore(checkpoint);
                long own = training.trainer().optimizer().shard().elements();
                Map<String, Long> read = counting.take();
                Set<String> files = new TreeSet<>(read.keySet());
                files.removeIf(path -> path.contains("/optimizer/"));
                assertEquals(
                        Set.of(
                                name + "/model/model.safetensors",
                                name + "/ema/model.safetensors",
                                name + "/state.json"),
                        files);
                String model = name + "/model/model.safetensors";
                assertEquals(head(folder.resolve(model)) + caption + 4 * all, read.get(model));
                String ema = name + "/ema/model.safetensors";
                assertEquals(head(folder.resolve(ema)) + caption + 4 * own, read.get(ema));
                long moments = 0;
                for (Map.Entry<String, Long> file : read.entrySet()) {
                    if (file.getKey().contains("/optimizer/")) {
                        moments += file.getValue() - head(folder.resolve(file.getKey()));
                    }
                }
                assertEquals(8 * own, moments);
                return own;
            }
        });
        assertEquals(all, kept.get(0) + kept.get(1));
    }

    /** Bytes of a safetensors file before its data. */
    private static long head(Path file) throws IOException {
        try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
            return Long.BYTES + Long.reverseBytes(in.readLong());
        }
    }

    /** The average of a checkpoint. */
    private static float[] read(Storage storage) throws Exception {
        try (ModelWeights weights = new ModelWeights(TinyTraining.CONFIG, Tensors.onHost())) {
            TrainingCheckpoint.readWeights(
                    CheckpointReader.newest(storage, path -> true).orElseThrow().checkpoint(),
                    TrainingCheckpoint.EMA,
                    weights);
            return TinyTraining.values(weights.parameters().values());
        }
    }

    @Test
    void eachRankKeepsItsPartAlone() throws Exception {
        long all = TinyTraining.CONFIG.layout().elements();
        List<long[]> kept = ThreadRanks.run(3, collective -> {
            try (TinyTraining training = new TinyTraining(collective, true, false)) {
                training.trainUntil(1);
                AdamW optimizer = training.trainer().optimizer();
                return new long[] {
                    optimizer.firstMoment().elements(),
                    optimizer.secondMoment().elements(),
                    training.trainer().ema().values().elements()
                };
            }
        });
        for (int vector = 0; vector < 3; vector++) {
            int which = vector;
            assertEquals(all, kept.stream().mapToLong(rank -> rank[which]).sum());
            assertTrue(kept.stream().allMatch(rank -> Math.abs(rank[which] - all / 3) < 10));
        }
    }

    @Test
    void theAveragedModelIsThatOfAllRanks() throws Exception {
        float[] alone;
        try (TinyTraining training = new TinyTraining(new SingleProcess())) {
            training.trainUntil(3);
            alone = TinyTraining.values(training.trainer().ema().values());
        }
        for (float[] average : ThreadRanks.run(2, collective -> {
            try (TinyTraining training = new TinyTraining(collective, true, false)) {
                training.trainUntil(2);
                training.trainer().averagedModel();
                training.trainUntil(3);
                training.trainer().averagedModel();
                return TinyTraining.values(training.trainer().gatheredEma().values());
            }
        })) {
            assertArrayEquals(alone, average, 1e-4f);
        }
    }

    @Test
    void aShardIsWhatItsTextSays() {
        Shard shard = Shard.of(TinyTraining.CONFIG.layout(), 1, 3);
        assertEquals(shard.parts(), Shard.parse(shard.text()).parts());
        try (FlatBuffer kept = new FlatBuffer(Tensors.onHost(), 5)) {
            Shard two = Shard.parse("10+2 20+3");
            assertEquals(1, two.write(kept, 8, FloatBuffer.wrap(new float[] {8, 9, 10})));
            assertEquals(
                    4, two.write(kept, 11, FloatBuffer.wrap(new float[] {11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22
                    })));
            assertArrayEquals(new float[] {10, 11, 20, 21, 22}, TinyTraining.values(kept));
        }
    }
}
