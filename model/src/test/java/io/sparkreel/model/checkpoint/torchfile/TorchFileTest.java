// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.torchfile;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.ConvertWeights;
import io.sparkreel.model.checkpoint.WeightsFolder;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.HalfPrecision;
import io.sparkreel.model.checkpoint.safetensors.PublishedWriter;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import io.sparkreel.model.checkpoint.safetensors.TensorInfo;
import io.sparkreel.model.checkpoint.safetensors.TensorSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that PyTorch 2.13's torch.save wrote, beside safetensors of the same tensors from its own library. */
class TorchFileTest {
    private static final Path FILES = Path.of("src/test/resources/torch");

    @TempDir
    private Path folder;

    static byte[] bytes(TensorSource source, String name) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) source.tensors().get(name).byteLength());
        source.readBytes(name, 0, bytes);
        return bytes.array();
    }

    private static void assertSame(TensorSource expected, TensorSource actual) throws IOException {
        assertEquals(expected.tensors().keySet(), Set.copyOf(actual.tensors().keySet()));
        for (TensorInfo tensor : expected.tensors().values()) {
            String name = tensor.name();
            assertEquals(tensor.dataType(), actual.tensors().get(name).dataType(), name);
            assertArrayEquals(tensor.shape(), actual.tensors().get(name).shape(), name);
            assertArrayEquals(bytes(expected, name), bytes(actual, name), name);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"types.bin", "protocol4.bin"})
    void readsEveryTypeAndEveryOrderOfElements(String file) throws IOException {
        try (TorchFile torch = TorchFile.open(FILES.resolve(file));
                SafetensorsReader expected = SafetensorsReader.open(FILES.resolve("types.safetensors"))) {
            if (file.equals("types.bin")) {
                assertSame(expected, torch);
            } else { // other random numbers, the same forms
                assertEquals(
                        expected.tensors().keySet(), Set.copyOf(torch.tensors().keySet()));
                assertArrayEquals(bytes(expected, "int64"), bytes(torch, "int64"));
            }
            float[] whole = torch.floats("transposed");
            float[] tied = torch.floats("tied");
            assertEquals(tied[1], whole[5], "[1, 0] of the transposed is [0, 1]");
            java.nio.FloatBuffer part = java.nio.FloatBuffer.allocate(9);
            torch.readFloats("transposed", 13, part);
            assertArrayEquals(java.util.Arrays.copyOfRange(whole, 13, 22), part.array());
            assertThrows(InvalidInputException.class, () -> torch.floats("int64"));
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> torch.readFloats("part", 8, java.nio.FloatBuffer.allocate(2)));
        }
    }

    @Test
    void findsTheWeightsOfATrainingCheckpoint() throws IOException {
        try (TorchFile torch = TorchFile.open(FILES.resolve("checkpoint.pt"));
                SafetensorsReader expected = SafetensorsReader.open(FILES.resolve("checkpoint.safetensors"))) {
            assertSame(expected, torch);
        }
        try (TorchFile torch = TorchFile.open(FILES.resolve("parameter.pth"))) {
            assertEquals(Set.of("weight"), torch.tensors().keySet());
            assertArrayEquals(new float[] {1, 1, 1, 1}, torch.floats("weight"));
        }
    }

    @Test
    void convertsAFileToTheSameTensors() throws IOException {
        ConvertWeights.run(FILES.resolve("types.bin"), folder);
        try (SafetensorsReader converted = SafetensorsReader.open(folder.resolve("model.safetensors"));
                SafetensorsReader expected = SafetensorsReader.open(FILES.resolve("types.safetensors"))) {
            assertSame(expected, converted);
            assertEquals("pt", converted.metadata().get("format"));
        }
        String again = assertThrows(
                        InvalidInputException.class, () -> ConvertWeights.run(FILES.resolve("types.bin"), folder))
                .getMessage();
        assertTrue(again.contains("it holds some already"), again);
    }

    /** The layout of the published T5: shards of PyTorch's beside an index. */
    @Test
    void convertsAShardedFolderAndKeepsItsCompanions() throws IOException {
        Path in = Files.createDirectories(folder.resolve("in"));
        Files.copy(FILES.resolve("types.bin"), in.resolve("pytorch_model-00001-of-00002.bin"));
        Files.copy(FILES.resolve("parameter.pth"), in.resolve("pytorch_model-00002-of-00002.bin"));
        Files.writeString(in.resolve("config.json"), "{}");
        Files.writeString(in.resolve("pytorch_model.bin.index.json"), """
                {"metadata": {"total_size": 1}, "weight_map": {"tied": "pytorch_model-00001-of-00002.bin",
                 "part": "pytorch_model-00001-of-00002.bin", "weight": "pytorch_model-00002-of-00002.bin"}}""");
        Path out = folder.resolve("out");
        ConvertWeights.run(in, out);
        assertEquals("{}", Files.readString(out.resolve("config.json")));
        try (WeightsFolder expected = WeightsFolder.open(in);
                WeightsFolder converted = WeightsFolder.open(out)) {
            assertEquals(Set.of("tied", "part", "weight"), converted.tensors().keySet());
            assertSame(expected, converted);
        }
    }

    @Test
    void writesShardsAndOtherPrecisions() throws IOException {
        try (SafetensorsReader source = SafetensorsReader.open(FILES.resolve("types.safetensors"))) {
            PublishedWriter.write(source, folder, "model", DataType.BF16, 200);
            try (WeightsFolder written = WeightsFolder.open(folder)) {
                assertEquals(
                        source.tensors().keySet(), Set.copyOf(written.tensors().keySet()));
                assertEquals(DataType.BF16, written.tensors().get("float64").dataType());
                assertEquals(DataType.I64, written.tensors().get("int64").dataType());
                float[] exact = source.floats("tied");
                float[] rounded = written.floats("tied");
                for (int i = 0; i < exact.length; i++) {
                    assertEquals(HalfPrecision.fromBf16(HalfPrecision.toBf16(exact[i])), rounded[i]);
                }
            }
        }
        try (java.util.stream.Stream<Path> files = Files.list(folder)) {
            assertTrue(files.filter(file -> file.toString().endsWith(".safetensors"))
                            .count()
                    > 1);
        }
    }

    @Test
    void refusesFilesOfAnotherKind() throws IOException {
        Path file = folder.resolve("model.bin");
        for (byte[] content : new byte[][] {
            {}, "PK".getBytes(UTF_8), new byte[100], Files.readAllBytes(FILES.resolve("types.safetensors"))
        }) {
            Files.write(file, content);
            assertTrue(assertThrows(InvalidInputException.class, () -> TorchFile.open(file))
                    .getMessage()
                    .startsWith("Cannot read " + file + ": it is "));
        }
        byte[] whole = Files.readAllBytes(FILES.resolve("types.bin"));
        for (int length = 0; length < whole.length; length += 53) {
            Files.write(file, java.util.Arrays.copyOf(whole, length));
            assertThrows(InvalidInputException.class, () -> TorchFile.open(file));
        }
        for (int changed = 0; changed < whole.length; changed += 3) { // damaged files are read or refused, nothing else
            byte[] damaged = whole.clone();
            damaged[changed] ^= 0x5A;
            Files.write(file, damaged);
            try (TorchFile torch = TorchFile.open(file)) {
                for (String name : torch.tensors().keySet()) {
                    bytes(torch, name);
                }
            } catch (InvalidInputException e) {
                assertTrue(e.getMessage().startsWith("Cannot read " + file), e.getMessage());
            }
        }
    }
}
