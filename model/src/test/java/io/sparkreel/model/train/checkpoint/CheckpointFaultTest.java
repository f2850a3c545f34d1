// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.ForwardingStorage;
import io.sparkreel.model.checkpoint.MemoryStorage;
import io.sparkreel.model.checkpoint.Retention;
import io.sparkreel.model.checkpoint.Storage;
import io.sparkreel.model.collective.RefusingCollective;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.TinyTraining;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is left of a checkpoint when its writer dies, or a disk does. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CheckpointFaultTest {
    private static final String BEFORE = "epoch0-global_step1";
    private static final String AFTER = "epoch0-global_step2";
    private static final int FLIPS = 1000;

    /** The files of a run after step 1, and after step 2. */
    private static Map<String, byte[]> first;

    private static Map<String, byte[]> both;

    @BeforeAll
    static void train() throws Exception {
        Torch.start(1);
        MemoryStorage storage = new MemoryStorage(MemoryStorage.Kind.DISK, Map.of());
        try (TinyTraining training = new TinyTraining(new SingleProcess())) {
            training.trainUntil(1);
            assertEquals(BEFORE, training.save(storage));
            first = new TreeMap<>(storage.files());
            training.trainUntil(2);
            assertEquals(AFTER, training.save(storage));
            both = new TreeMap<>(storage.files());
        }
    }

    /** Two ranks, for whom writing needs no collective, write the checkpoint of step 2, and then only the newest is kept. */
    private static void saveOnTwoRanks(TinyTraining training, Storage storage) throws Exception {
        for (int rank : new int[] {1, 0}) {
            try (CheckpointSaver saver = new CheckpointSaver(
                    storage,
                    "attempt",
                    training.weights(),
                    training.trainer(),
                    new RefusingCollective(rank),
                    (state, folder) -> new Retention(1, null).apply(storage))) {
                saver.save(training.state(), Map.of("note.txt", new byte[] {1}));
                saver.finish();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWriterKilledAtAnyCallLeavesTheCheckpointBeforeOrTheNewOne(MemoryStorage.Kind kind) throws Exception {
        try (TinyTraining training = new TinyTraining(new SingleProcess())) {
            training.trainUntil(2);
            MemoryStorage whole = new MemoryStorage(kind, first);
            saveOnTwoRanks(training, whole);
            assertEquals(List.of(AFTER), whole.list(""), "what is not kept is gone");
            int kept = 0;
            for (long call = 0; call < whole.calls(); call++) {
                MemoryStorage storage = new MemoryStorage(kind, first);
                storage.dieAt(call);
                assertThrows(IOException.class, () -> saveOnTwoRanks(training, storage), "call " + call);
                MemoryStorage left = new MemoryStorage(kind, storage.files());
                CheckpointReader found = CheckpointReader.newest(left, path -> true)
                        .orElseThrow()
                        .checkpoint();
                assertTrue(List.of(BEFORE, AFTER).contains(found.folder()));
                kept += found.folder().equals(BEFORE) ? 1 : 0;
                Map<String, byte[]> expected = found.folder().equals(BEFORE) ? first : whole.files();
                for (String file : found.files().keySet()) {
                    assertArrayEquals(expected.get(found.folder() + "/" + file), found.read(file), file);
                }
                // The next attempt writes into the same folder.
                saveOnTwoRanks(training, left);
                assertEquals(whole.files().keySet(), left.files().keySet(), "call " + call);
                assertEquals(
                        AFTER,
                        CheckpointReader.newest(left, path -> true)
                                .orElseThrow()
                                .checkpoint()
                                .folder());
            }
            assertTrue(kept > 20 && kept < whole.calls(), kept + " of " + whole.calls() + " left the one before");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWriterKilledInTheFirstCheckpointOfARunLeavesNoneOrThatOne(MemoryStorage.Kind kind) throws Exception {
        try (TinyTraining training = new TinyTraining(new SingleProcess())) {
            training.trainUntil(2);
            MemoryStorage whole = new MemoryStorage(kind, Map.of());
            saveOnTwoRanks(training, whole);
            int none = 0;
            for (long call = 0; call < whole.calls(); call++) {
                MemoryStorage storage = new MemoryStorage(kind, Map.of());
                storage.dieAt(call);
                assertThrows(IOException.class, () -> saveOnTwoRanks(training, storage), "call " + call);
                MemoryStorage left = new MemoryStorage(kind, storage.files());
                boolean found = CheckpointReader.newest(left, path -> true).isPresent();
                assertEquals(found, CheckpointReader.lastStep(left).isPresent(), "call " + call);
                none += found ? 0 : 1;
                saveOnTwoRanks(training, left);
                assertEquals(whole.files().keySet(), left.files().keySet(), "call " + call);
            }
            assertTrue(none > 20 && none < whole.calls(), none + " of " + whole.calls() + " left none");
        }
    }

    @Test
    void everySingleBitCounts() throws Exception {
        Random random = new Random(1);
        List<String> files =
                both.keySet().stream().filter(path -> path.startsWith(AFTER)).toList();
        MemoryStorage storage = new MemoryStorage(MemoryStorage.Kind.DISK, both);
        assertEquals(
                AFTER,
                CheckpointReader.newest(storage, path -> true)
                        .orElseThrow()
                        .checkpoint()
                        .folder());
        for (int flip = 0; flip < FLIPS; flip++) {
            String file = files.get(flip % files.size()); // small files as often as large ones
            byte[] damaged = both.get(file).clone();
            int bit = random.nextInt(8 * damaged.length);
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            storage.files().put(file, damaged);
            assertThrows(
                    InvalidInputException.class,
                    () -> CheckpointReader.open(storage, AFTER).verify(path -> true),
                    file + " bit " + bit);
            storage.files().put(file, both.get(file));
        }
    }

    @Test
    void damageOfAnyKindMakesTheCheckpointBeforeCount() throws Exception {
        String model = AFTER + "/model/model.safetensors";
        String average = AFTER + "/ema/model.safetensors";
        String moments = AFTER + "/optimizer/rank-00000-of-00001.safetensors";
        String manifest = AFTER + "/manifest.json";
        Map<String, Map<String, byte[]>> damages = new TreeMap<>();
        damages.put("its file model/model.safetensors has", Map.of(model, Arrays.copyOf(both.get(model), 1000)));
        damages.put("its file state.json has 0 bytes", Map.of(AFTER + "/state.json", new byte[0]));
        damages.put(
                "the content of its file ema/model.safetensors", // both have the same length
                Map.of(model, both.get(average), average, both.get(model)));
        damages.put("its manifest.json cannot be used", Map.of(manifest, Arrays.copyOf(both.get(manifest), 500)));
        damages.put("does not match its checksum", Map.of(manifest, both.get(BEFORE + "/manifest.json")));
        for (Map.Entry<String, Map<String, byte[]>> damage : damages.entrySet()) {
            MemoryStorage storage = new MemoryStorage(MemoryStorage.Kind.DISK, both);
            storage.files().putAll(damage.getValue());
            assertBeforeCounts(damage.getKey(), storage);
        }
        MemoryStorage storage = new MemoryStorage(MemoryStorage.Kind.DISK, both);
        storage.files().remove(moments);
        assertBeforeCounts("its file optimizer/rank-00000-of-00001.safetensors is missing", storage);
        assertBeforeCounts(
                "cannot be read (Input/output error)",
                new ForwardingStorage(new MemoryStorage(MemoryStorage.Kind.DISK, both)) {
                    @Override
                    public java.io.InputStream open(String path) throws IOException {
                        if (path.equals(moments)) {
                            throw new IOException("Input/output error");
                        }
                        return super.open(path);
                    }
                });
    }

    private static void assertBeforeCounts(String warning, Storage storage) throws IOException {
        CheckpointReader.Found found =
                CheckpointReader.newest(storage, path -> true).orElseThrow();
        assertEquals(BEFORE, found.checkpoint().folder());
        assertEquals(1, found.warnings().size());
        assertTrue(found.warnings().get(0).contains(warning), found.warnings().get(0));
    }

    /** A storage whose files do not get finished before the test says so. */
    private static final class SlowStorage extends ForwardingStorage {
        final CountDownLatch mayFinish = new CountDownLatch(1);

        SlowStorage(Storage storage) {
            super(storage);
        }

        @Override
        public OutputStream create(String path) throws IOException {
            try {
                if (!mayFinish.await(30, TimeUnit.SECONDS)) {
                    throw new IOException("nobody let it finish");
                }
            } catch (InterruptedException e) {
                throw new IOException("interrupted", e);
            }
            return super.create(path);
        }
    }

    @Test
    void trainingGoesOnWhileACheckpointIsWrittenAndItHoldsWhatWasBefore() throws Exception {
        MemoryStorage memory = new MemoryStorage(MemoryStorage.Kind.OBJECT_STORE, Map.of());
        SlowStorage storage = new SlowStorage(memory);
        try (TinyTraining training = new TinyTraining(new SingleProcess());
                CheckpointSaver saver = training.saver(storage, (state, folder) -> {})) {
            TinyTraining.Outcome atTwo = training.trainUntil(2);
            saver.save(training.state(), Map.of());
            TinyTraining.Outcome atFour = training.trainUntil(4);
            assertEquals(Map.of(), memory.files());
            storage.mayFinish.countDown();
            saver.finish();
            assertNotEquals(atTwo.parameters()[0], atFour.parameters()[0]);
            try (TinyTraining resumed = new TinyTraining(new SingleProcess())) {
                resumed.restore(CheckpointReader.open(memory, AFTER));
                TinyTraining.Outcome read = resumed.trainUntil(0);
                assertArrayEquals(atTwo.parameters(), read.parameters());
                assertArrayEquals(atTwo.average(), read.average());
                assertArrayEquals(atTwo.firstMoment(), read.firstMoment());
                assertArrayEquals(atTwo.secondMoment(), read.secondMoment());
            }
        }
    }

    @Test
    void whatGoesWrongBehindIsToldByTheNextCall() throws Exception {
        MemoryStorage storage = new MemoryStorage(MemoryStorage.Kind.DISK, first);
        storage.dieAt(3);
        try (TinyTraining training = new TinyTraining(new SingleProcess());
                CheckpointSaver saver = training.saver(storage, (state, folder) -> {})) {
            training.trainUntil(2);
            saver.save(training.state(), Map.of());
            IOException told = assertThrows(IOException.class, () -> {
                while (true) {
                    saver.check();
                    Thread.sleep(1);
                }
            });
            assertTrue(told.getMessage().startsWith("Cannot write a checkpoint into memory: "), told.getMessage());
            saver.check(); // told once
        }
    }

    @Test
    void aSaverThatIsClosedGivesUpAndItsThreadEnds() throws Exception {
        MemoryStorage memory = new MemoryStorage(MemoryStorage.Kind.DISK, first);
        SlowStorage storage = new SlowStorage(memory);
        try (TinyTraining training = new TinyTraining(new SingleProcess())) {
            CheckpointSaver saver = training.saver(storage, (state, folder) -> {});
            saver.save(training.state(), Map.of());
            Thread writer = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().startsWith("sparkreel-checkpoint") && thread.isAlive())
                    .findFirst()
                    .orElseThrow();
            saver.close();
            writer.join(5000);
            assertFalse(writer.isAlive());
        }
        assertEquals(first.keySet(), memory.files().keySet());
    }

    /** Storage whose manifests take a while, and are cut off by an interruption, as those of a local disk are. */
    private static final class SlowCommits extends ForwardingStorage {
        private final CountDownLatch committing = new CountDownLatch(1);

        SlowCommits(Storage storage) {
            super(storage);
        }

        @Override
        public OutputStream create(String path) throws IOException {
            OutputStream file = super.create(path);
            if (path.endsWith("/manifest.json")) {
                committing.countDown();
                try {
                    Thread.sleep(500);
                } catch (InterruptedException e) {
                    file.close();
                    throw new IOException("interrupted", e);
                }
            }
            return file;
        }
    }

    @Test
    void aSaverThatIsClosedLetsACommitComeToItsEnd() throws Exception {
        MemoryStorage memory = new MemoryStorage(MemoryStorage.Kind.DISK, Map.of());
        SlowCommits storage = new SlowCommits(memory);
        try (TinyTraining training = new TinyTraining(new SingleProcess())) {
            training.trainUntil(2);
            CheckpointSaver saver = training.saver(storage, (state, folder) -> {});
            saver.save(training.state(), Map.of());
            assertTrue(storage.committing.await(30, TimeUnit.SECONDS));
            saver.close();
        }
        assertEquals(
                AFTER,
                CheckpointReader.newest(memory, path -> true)
                        .orElseThrow()
                        .checkpoint()
                        .folder());
    }

    @Test
    void sharesOfTheMomentsCoverThemAndBalanceTheRanks() {
        for (int ranks = 1; ranks <= 9; ranks++) {
            long elements = 1_000_003;
            long[] bounds = CheckpointShare.momentBounds(elements, ranks);
            assertEquals(0, bounds[0]);
            assertEquals(elements, bounds[ranks]);
            long most = 0;
            for (int rank = 0; rank < ranks; rank++) {
                assertTrue(bounds[rank] <= bounds[rank + 1]);
                long whole = (long) (rank == 0 ? 1 : 0) + (rank == 1 % ranks ? 1 : 0);
                most = Math.max(most, whole * elements + 2 * (bounds[rank + 1] - bounds[rank]));
            }
            assertTrue(most <= Math.max(elements, 4 * elements / ranks) + ranks, ranks + " ranks: " + most);
        }
    }
}
