// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

    @TempDir
    Path run;

    private Storage storage;

    @BeforeEach
    void openStorage() {
        storage = new LocalStorage(run);
    }

    @Test
    void whatSeveralRanksWroteIsOneCheckpoint() throws IOException {
        String folder = CheckpointWriter.folderName(2, 500);
        assertEquals("epoch2-global_step500", folder);
        List<CheckpointFile> all = new ArrayList<>();
        for (int rank = 0; rank < 3; rank++) {
            CheckpointWriter writer = new CheckpointWriter(storage, folder);
            put(writer, "optimizer/rank-" + rank + ".bin", "moments of rank " + rank);
            all.addAll(writer.written());
        }
        refused("it has no manifest.json", folder);
        CheckpointWriter.commit(storage, folder, all);
        CheckpointReader checkpoint = CheckpointReader.open(storage, folder);
        assertEquals(
                Set.of("optimizer/rank-0.bin", "optimizer/rank-1.bin", "optimizer/rank-2.bin"),
                checkpoint.files().keySet());
        assertArrayEquals(
                "moments of rank 1".getBytes(StandardCharsets.UTF_8), checkpoint.read("optimizer/rank-1.bin"));
        assertTrue(checkpoint.has("optimizer/rank-0.bin"));
        assertFalse(checkpoint.has("optimizer/rank-3.bin"));
        InvalidInputException e =
                assertThrows(InvalidInputException.class, () -> checkpoint.read("optimizer/rank-3.bin"));
        assertTrue(e.getMessage().startsWith("Cannot read optimizer/rank-3.bin of the checkpoint "), e.getMessage());
    }

    /** The digest is the example of FIPS 180-2, appendix B.1; sha256sum prints the same. */
    @Test
    void checksumsAreThoseOfStockTools() throws IOException {
        CheckpointWriter writer = new CheckpointWriter(storage, "c");
        put(writer, "abc", "abc");
        assertEquals(
                List.of(new CheckpointFile(
                        "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
                writer.written());
    }

    @Test
    void tensorsGoThroughTheCheckpoint() throws IOException {
        CheckpointWriter writer = new CheckpointWriter(storage, "c");
        try (SafetensorsWriter file = SafetensorsWriter.builder()
                .tensor("x", DataType.F32, 3)
                .writeTo(writer.create("model/model.safetensors"))) {
            file.write("x", FloatBuffer.wrap(new float[] {1, 2, 3}));
            file.commit();
        }
        CheckpointWriter.commit(storage, "c", writer.written());
        try (SafetensorsReader file = CheckpointReader.open(storage, "c").tensors("model/model.safetensors")) {
            assertArrayEquals(new float[] {1, 2, 3}, file.floats("x"));
        }
    }

    @Test
    void everyDamageIsFound() throws IOException {
        commit("c", "one");
        Path file = run.resolve("c/model.bin");
        byte[] content = Files.readAllBytes(file);
        for (int i = 0; i < content.length; i++) {
            byte[] damaged = content.clone();
            damaged[i] ^= 0x10;
            Files.write(file, damaged);
            refused("the content of its file model.bin does not match its checksum", "c");
        }
        Files.write(file, new byte[] {1});
        refused("its file model.bin has 1 bytes, not 3", "c");
        Files.delete(file);
        refused("its file model.bin is missing", "c");
        Files.write(file, content);
        CheckpointReader.open(storage, "c").verify(path -> true);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "{",
                "{}",
                "[]",
                "{\"version\":1,\"files\":[]}",
                "{\"version\":1,\"files\":[null]}",
                "{\"version\":2,\"files\":[{\"path\":\"model.bin\",\"bytes\":3,\"sha256\":\"SUM\"}]}",
                "{\"version\":1,\"files\":[{\"path\":\"../c/model.bin\",\"bytes\":3,\"sha256\":\"SUM\"}]}",
                "{\"version\":1,\"files\":[{\"path\":\"/etc/hostname\",\"bytes\":3,\"sha256\":\"SUM\"}]}",
                "{\"version\":1,\"files\":[{\"path\":\"model.bin\",\"bytes\":-3,\"sha256\":\"SUM\"}]}",
                "{\"version\":1,\"files\":[{\"path\":\"model.bin\",\"bytes\":3}]}",
                "{\"version\":1,\"files\":[{\"path\":\"model.bin\",\"sha256\":\"SUM\"}]}",
                "{\"version\":1,\"files\":[{\"path\":\"model.bin\",\"bytes\":3,\"sha256\":\"SUM\"}]} x",
                "{\"version\":1,\"files\":[{\"path\":\"manifest.json\",\"bytes\":3,\"sha256\":\"SUM\"}]}"
            })
    void aDamagedManifestIsRefused(String text) throws IOException {
        commit("c", "abc");
        String sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        Files.writeString(run.resolve("c/manifest.json"), text.replace("SUM", sum));
        refused("its manifest.json cannot be used", "c");
        Files.writeString(
                run.resolve("c/manifest.json"),
                "{\"version\":1,\"files\":[{\"path\":\"model.bin\",\"bytes\":3,\"sha256\":\"" + sum + "\"}]}");
        CheckpointReader.open(storage, "c").verify(path -> true);
    }

    @Test
    void theNewestIsTheOneOfTheLargestGlobalStep() throws IOException {
        assertEquals(Optional.empty(), CheckpointReader.newest(storage, path -> true));
        commit("epoch0-global_step900", "a");
        commit("epoch1-global_step1000", "b");
        commit("epoch0-global_step99", "c");
        Files.createDirectories(run.resolve("tensorboard"));
        Files.createDirectories(run.resolve("epoch9-global_step9999-old"));
        CheckpointReader.Found found =
                CheckpointReader.newest(storage, path -> true).orElseThrow();
        assertEquals("epoch1-global_step1000", found.checkpoint().folder());
        assertEquals(List.of(), found.warnings());
    }

    @Test
    void aDamagedNewestIsReportedAndTheOneBeforeUsed() throws IOException {
        commit("epoch0-global_step10", "a");
        commit("epoch0-global_step20", "b");
        commit("epoch0-global_step30", "c");
        Files.write(run.resolve("epoch0-global_step30/model.bin"), new byte[] {0}, StandardOpenOption.APPEND);
        CheckpointWriter unfinished = new CheckpointWriter(storage, "epoch0-global_step40");
        put(unfinished, "model.bin", "d");
        CheckpointReader.Found found = CheckpointReader.resolve(storage, path -> true);
        assertEquals("epoch0-global_step20", found.checkpoint().folder());
        assertEquals(2, found.warnings().size());
        assertTrue(found.warnings().get(0).contains("epoch0-global_step40: it has no manifest.json"));
        assertTrue(found.warnings().get(1).contains("epoch0-global_step30: its file model.bin has 2 bytes, not 1"));
    }

    @Test
    void aRunWhoseCheckpointsAreAllDamagedIsRefused() throws IOException {
        commit("epoch0-global_step10", "a");
        Files.delete(run.resolve("epoch0-global_step10/model.bin"));
        InvalidInputException e =
                assertThrows(InvalidInputException.class, () -> CheckpointReader.newest(storage, path -> true));
        assertTrue(e.getMessage().contains("its file model.bin is missing"), e.getMessage());
    }

    @Test
    void aManifestThatIsCutOffAnywhereWasNeverCommitted() throws IOException {
        commit("epoch0-global_step10", "a");
        Path manifest = run.resolve("epoch0-global_step10/manifest.json");
        byte[] whole = Files.readAllBytes(manifest);
        for (int length = 0; length < whole.length; length++) {
            Files.write(manifest, Arrays.copyOf(whole, length));
            assertEquals(Optional.empty(), CheckpointReader.newest(storage, path -> true), length + " bytes");
            assertTrue(CheckpointReader.lastStep(storage).isEmpty(), length + " bytes");
        }
        for (int bit = 0; bit < 8 * whole.length; bit++) { // one that was, and is damaged, is another matter
            byte[] flipped = whole.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(manifest, flipped);
            assertThrows(InvalidInputException.class, () -> CheckpointReader.newest(storage, path -> true));
        }
    }

    @Test
    void onlyWhatIsNeededIsVerified() throws IOException {
        CheckpointWriter writer = new CheckpointWriter(storage, "epoch0-global_step20");
        put(writer, "ema.bin", "ema");
        put(writer, "moments.bin", "moments");
        CheckpointWriter.commit(storage, "epoch0-global_step20", writer.written());
        commit("epoch0-global_step10", "a");
        Files.writeString(run.resolve("epoch0-global_step20/moments.bin"), "MOMENTS");
        Predicate<String> ema = "ema.bin"::equals;
        assertEquals(
                "epoch0-global_step20",
                CheckpointReader.newest(storage, ema).orElseThrow().checkpoint().folder());
        CheckpointReader.Found resumed =
                CheckpointReader.newest(storage, path -> true).orElseThrow();
        assertEquals("epoch0-global_step10", resumed.checkpoint().folder());
        assertTrue(
                resumed.warnings()
                        .get(0)
                        .contains("epoch0-global_step20: the content of its file moments.bin does not match"),
                resumed.warnings().get(0));
        CheckpointReader damaged = CheckpointReader.open(storage, "epoch0-global_step20");
        assertArrayEquals("ema".getBytes(StandardCharsets.UTF_8), damaged.read("ema.bin"));
        assertThrows(InvalidInputException.class, () -> damaged.read("moments.bin"));
        assertEquals(
                Optional.of("epoch0-global_step20"),
                CheckpointReader.newestAfter(storage, 10, ema).map(CheckpointReader::folder));
        assertTrue(CheckpointReader.newestAfter(storage, 10, path -> true).isEmpty());
        assertTrue(CheckpointReader.newestAfter(storage, 20, ema).isEmpty());
    }

    @Test
    void aCheckpointThatWasReplacedSinceItWasVerifiedIsRefused() throws IOException {
        commit("c", "one");
        String verified = CheckpointReader.open(storage, "c").manifestDigest();
        CheckpointReader.open(storage, "c", verified);
        commit("c", "two");
        InvalidInputException e =
                assertThrows(InvalidInputException.class, () -> CheckpointReader.open(storage, "c", verified));
        assertTrue(e.getMessage().contains("it was replaced after the driver had opened it"), e.getMessage());
    }

    @Test
    void eachByteIsReadOnceAndNotAtAllByOpening() throws IOException {
        CountingStorage counting = new CountingStorage(storage);
        long size = writeTensors();
        long manifest = Files.size(run.resolve("c/manifest.json"));
        CheckpointReader checkpoint = CheckpointReader.open(counting, "c");
        assertEquals(Map.of("c/manifest.json", manifest), counting.take());
        checkpoint.verify(path -> true);
        assertEquals(Map.of("c/t.safetensors", size), counting.take());
        checkpoint.readVerified("t.safetensors", tensors -> {
            tensors.floats("a");
            tensors.readFloats("b", 50, FloatBuffer.allocate(7));
        });
        assertEquals(Map.of("c/t.safetensors", size), counting.take());
        checkpoint.readVerified("t.safetensors", tensors -> assertArrayEquals(count(100, 100), tensors.floats("b")));
        assertEquals(Map.of("c/t.safetensors", size), counting.take());
        checkpoint.readVerified("t.safetensors", tensors -> {
            assertArrayEquals(count(100, 100), tensors.floats("b"));
            assertArrayEquals(count(0, 100), tensors.floats("a")); // against the order of the file: read again
        });
        assertEquals(Map.of("c/t.safetensors", size + 400), counting.take());
        FloatBuffer range = FloatBuffer.allocate(7);
        try (SafetensorsReader tensors = checkpoint.tensors("t.safetensors")) {
            tensors.readFloats("b", 50, range);
        }
        assertArrayEquals(count(150, 7), range.array());
        assertEquals(Map.of("c/t.safetensors", size - 800 + 28), counting.take());
    }

    @Test
    void everyDamageIsFoundWhileTensorsAreRead() throws IOException {
        writeTensors();
        Path file = run.resolve("c/t.safetensors");
        byte[] content = Files.readAllBytes(file);
        CheckpointReader checkpoint = CheckpointReader.open(storage, "c");
        for (int i = 0; i < content.length; i++) {
            byte[] damaged = content.clone();
            damaged[i] ^= 0x10;
            Files.write(file, damaged);
            InvalidInputException e = assertThrows(
                    InvalidInputException.class,
                    () -> checkpoint.readVerified(
                            "t.safetensors", tensors -> tensors.readFloats("b", 50, FloatBuffer.allocate(7))),
                    "byte " + i);
            assertTrue(
                    e.getMessage().contains("the content of its file t.safetensors does not match its checksum"),
                    e.getMessage());
        }
    }

    /** The values first, first + 1, and so on. */
    private static float[] count(int first, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = first + i;
        }
        return values;
    }

    /** A checkpoint with tensors a and b of 100 values each; returns the size of their file. */
    private long writeTensors() throws IOException {
        CheckpointWriter writer = new CheckpointWriter(storage, "c");
        try (SafetensorsWriter file = SafetensorsWriter.builder()
                .tensor("a", DataType.F32, 100)
                .tensor("b", DataType.F32, 100)
                .writeTo(writer.create("t.safetensors"))) {
            file.write("a", FloatBuffer.wrap(count(0, 100)));
            file.write("b", FloatBuffer.wrap(count(100, 100)));
            file.commit();
        }
        CheckpointWriter.commit(storage, "c", writer.written());
        return Files.size(run.resolve("c/t.safetensors"));
    }

    @Test
    void aCommitThatWasCutOffPushesNoCheckpointOut() throws IOException {
        commit("epoch0-global_step10", "a");
        commit("epoch0-global_step30", "c");
        Path manifest = run.resolve("epoch0-global_step30/manifest.json");
        Files.write(manifest, Arrays.copyOf(Files.readAllBytes(manifest), 20));
        new Retention(1, null).apply(storage);
        assertEquals(
                "epoch0-global_step10",
                CheckpointReader.newest(storage, path -> true)
                        .orElseThrow()
                        .checkpoint()
                        .folder());
    }

    @Test
    void aCheckpointOrItsRunCanBeNamed() throws IOException {
        commit("epoch0-global_step10", "a");
        Storage folder = new LocalStorage(run.resolve("epoch0-global_step10"));
        assertArrayEquals(
                new byte[] {'a'},
                CheckpointReader.resolve(folder, path -> true).checkpoint().read("model.bin"));
        assertArrayEquals(
                new byte[] {'a'},
                CheckpointReader.resolve(storage, path -> true).checkpoint().read("model.bin"));
        for (Path wrong : List.of(run.resolve("nowhere"), Files.createDirectory(run.resolve("empty")))) {
            InvalidInputException e = assertThrows(
                    InvalidInputException.class, () -> CheckpointReader.resolve(new LocalStorage(wrong), path -> true));
            assertTrue(
                    e.getMessage().startsWith("Cannot read a checkpoint from " + wrong + ": it holds neither"),
                    e.getMessage());
        }
    }

    @Test
    void aCheckpointNeedsDistinctFiles() throws IOException {
        assertThrows(InvalidInputException.class, () -> CheckpointWriter.commit(storage, "c", List.of()));
        CheckpointWriter writer = new CheckpointWriter(storage, "c");
        put(writer, "a", "1");
        put(writer, "a", "2");
        assertThrows(InvalidInputException.class, () -> CheckpointWriter.commit(storage, "c", writer.written()));
        assertFalse(Files.exists(run.resolve("c/manifest.json")));
    }

    @Test
    void aFileThatFailedDoesNotCount() throws IOException {
        CheckpointWriter writer = new CheckpointWriter(new FullStorage(run), "c");
        OutputStream out = writer.create("a");
        out.write(new byte[10]);
        assertThrows(IOException.class, out::close);
        assertEquals(List.of(), writer.written());
    }

    /** Storage on a full disk. */
    private static final class FullStorage extends ForwardingStorage {
        FullStorage(Path root) {
            super(new LocalStorage(root));
        }

        @Override
        public OutputStream create(String path) {
            return new OutputStream() {
                @Override
                public void write(int value) throws IOException {
                    throw new IOException("No space left on device");
                }
            };
        }
    }

    private void commit(String folder, String content) throws IOException {
        CheckpointWriter writer = new CheckpointWriter(storage, folder);
        put(writer, "model.bin", content);
        CheckpointWriter.commit(storage, folder, writer.written());
    }

    private static void put(CheckpointWriter writer, String path, String content) throws IOException {
        try (OutputStream out = writer.create(path)) {
            out.write(content.getBytes(StandardCharsets.UTF_8));
        }
    }

    private void refused(String found, String folder) {
        InvalidInputException e = assertThrows(
                InvalidInputException.class,
                () -> CheckpointReader.open(storage, folder).verify(path -> true));
        assertTrue(
                e.getMessage().startsWith("Cannot read the checkpoint " + run.resolve(folder) + ": "), e.getMessage());
        assertTrue(e.getMessage().contains(found), e.getMessage());
    }
}
