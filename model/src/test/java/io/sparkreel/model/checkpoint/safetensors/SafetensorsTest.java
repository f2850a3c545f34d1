// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {

    @TempDir
    Path folder;

    /** The file was written by the safetensors library 0.8 for Python; the values are those PyTorch prints for it. */
    @Test
    void aFileOfTheStockWriterIsRead() throws IOException, URISyntaxException {
        Path stock = Path.of(SafetensorsTest.class
                .getResource("/checkpoint/all-types.safetensors")
                .toURI());
        try (SafetensorsReader file = SafetensorsReader.open(stock)) {
            assertEquals(Map.of("format", "pt", "note", "grüße"), file.metadata());
            assertEquals(12, file.tensors().size());
            assertArrayEquals(new long[] {2, 2}, file.tensors().get("i64").shape());
            assertArrayEquals(new long[] {0, 3}, file.tensors().get("empty").shape());
            assertArrayEquals(new long[] {}, file.tensors().get("scalar").shape());
            assertArrayEquals(
                    new float[] {0.1f, -0.0f, Float.POSITIVE_INFINITY, 3.4e38f, 1.4E-45f}, file.floats("f32"));
            assertArrayEquals(
                    new float[] {0.100097656f, -3, 9.96921E+37f, Float.NaN, 9.18355e-41f}, file.floats("bf16"));
            assertArrayEquals(
                    new float[] {0.099975586f, -65504, 5.9604645E-8f, Float.NEGATIVE_INFINITY, 0.00001001358f},
                    file.floats("f16"));
            assertArrayEquals(new float[] {1.5f, Float.NEGATIVE_INFINITY, 3.1415927f}, file.floats("f64"));
            assertArrayEquals(new float[] {2.5f}, file.floats("scalar"));
            assertArrayEquals(new float[0], file.floats("empty"));
            assertArrayEquals(new long[] {1, -2, 9007199254740993L, 4}, file.longs("i64"));
            assertArrayEquals(new long[] {-2147483648, 7}, file.longs("i32"));
            assertArrayEquals(new long[] {-300, 300}, file.longs("i16"));
            assertArrayEquals(new long[] {-128, 127}, file.longs("i8"));
            assertArrayEquals(new long[] {0, 255}, file.longs("u8"));
            assertArrayEquals(new long[] {1, 0, 1}, file.longs("bool"));
            assertRefused("its type is I64", () -> file.floats("i64"));
            assertRefused("its type is F32", () -> file.longs("f32"));
            assertRefused("none of that name", () -> file.floats("f31"));
        }
    }

    @TestFactory
    @Golden
    Stream<DynamicTest> everyGoldenFileIsReadWhole(GoldenData golden) {
        return golden.files(".*\\.safetensors").stream()
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    try (SafetensorsReader file = SafetensorsReader.open(golden.file(name))) {
                        assertFalse(file.tensors().isEmpty());
                        for (TensorInfo tensor : file.tensors().values()) {
                            assertReadable(file, tensor);
                        }
                    }
                }));
    }

    @Test
    @Golden
    void goldenNumbersArriveUnchanged(GoldenData golden) throws IOException {
        try (SafetensorsReader file = SafetensorsReader.open(golden.file("iddpm.safetensors"))) {
            float[] betas = file.floats("base.betas_f64"); // linear from 1e-4 to 2e-2
            assertEquals(1000, betas.length);
            for (int i = 0; i < betas.length; i++) {
                assertEquals((float) (1e-4 + (2e-2 - 1e-4) * i / 999), betas[i], 1e-9f);
            }
        }
    }

    private static void assertReadable(SafetensorsReader file, TensorInfo tensor) throws IOException {
        if (tensor.dataType() == DataType.F32 || tensor.dataType() == DataType.F64) {
            for (float value : file.floats(tensor.name())) {
                assertTrue(Float.isFinite(value), tensor.name());
            }
        } else {
            assertEquals(tensor.elementCount(), file.longs(tensor.name()).length);
        }
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        Path path = folder.resolve("new/model.safetensors");
        try (SafetensorsWriter writer = SafetensorsWriter.builder()
                .metadata("format", "pt")
                .metadata("who", "ünïcode")
                .tensor("counts", DataType.I64, 2)
                .tensor("nothing", DataType.F32, 0)
                .tensor("a\"b\\", DataType.F32, 2, 3)
                .tensor("half", DataType.BF16, 3)
                .tensor("f16", DataType.F16, 2)
                .create(path)) {
            writer.writeBytes(
                    "counts",
                    ByteBuffer.allocate(16)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(-5)
                            .putLong(1L << 60)
                            .flip());
            writer.write("nothing", FloatBuffer.allocate(0));
            writer.write("a\"b\\", FloatBuffer.wrap(new float[] {1, 2, 3, 4}));
            writer.write("a\"b\\", FloatBuffer.wrap(new float[] {5, 6}));
            writer.write("half", FloatBuffer.wrap(new float[] {0.1f, -2, Float.NaN}));
            writer.write("f16", FloatBuffer.wrap(new float[] {0.1f, 70000}));
            assertEquals(1, namesIn(path.getParent()).size());
            assertFalse(Files.exists(path));
            writer.commit();
        }
        assertEquals(List.of("model.safetensors"), namesIn(path.getParent()));
        try (SafetensorsReader file = SafetensorsReader.open(path)) {
            assertEquals(
                    List.of("counts", "nothing", "a\"b\\", "half", "f16"),
                    List.copyOf(file.tensors().keySet()));
            assertEquals(Map.of("format", "pt", "who", "ünïcode"), file.metadata());
            assertArrayEquals(new long[] {-5, 1L << 60}, file.longs("counts"));
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, file.floats("a\"b\\"));
            assertArrayEquals(new long[] {2, 3}, file.tensors().get("a\"b\\").shape());
            assertArrayEquals(new float[] {0.100097656f, -2, Float.NaN}, file.floats("half"));
            assertArrayEquals(new float[] {0.099975586f, Float.POSITIVE_INFINITY}, file.floats("f16"));
        }
        ByteBuffer start = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(0, (8 + start.getLong(0)) % 8);
    }

    @Test
    void aPartOfATensorIsRead() throws IOException {
        Path path = writeRamp(3_000_000);
        try (SafetensorsReader file = SafetensorsReader.open(path)) {
            FloatBuffer part = FloatBuffer.allocate(1000);
            file.readFloats("ramp", 2_999_000, part);
            assertFalse(part.hasRemaining());
            assertEquals(2_999_000, part.get(0));
            assertEquals(2_999_999, part.get(999));
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> file.readFloats("ramp", 2_999_001, FloatBuffer.allocate(1000)));
            assertThrows(IndexOutOfBoundsException.class, () -> file.readFloats("ramp", -1, FloatBuffer.allocate(1)));
            ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
            file.readBytes("ramp", 4 * 77, bytes);
            assertEquals(77, bytes.getFloat(0));
        }
    }

    @Test
    void aTensorBeyondTwoGibibytesIsRead() throws IOException {
        long elements = (3L << 30) / 2;
        Path path = folder.resolve("large.safetensors");
        SafetensorsHeader header = new SafetensorsHeader(
                Map.of("large", new TensorInfo("large", DataType.BF16, new long[] {3, elements / 3}, 0, elements * 2)),
                Map.of());
        byte[] start = header.encode();
        long[] marked = {0, (1L << 29) - 1, 1L << 29, (1L << 30) + 5, elements - 1};
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) { // a sparse file: no disk is used
            file.setLength(start.length + elements * 2);
            file.write(start);
            for (int i = 0; i < marked.length; i++) {
                short bits = HalfPrecision.toBf16(i + 1);
                file.seek(start.length + marked[i] * 2);
                file.write(new byte[] {(byte) bits, (byte) (bits >> 8)});
            }
        }
        try (SafetensorsReader file = SafetensorsReader.open(path)) {
            assertEquals(elements, file.tensors().get("large").elementCount());
            for (int i = 0; i < marked.length; i++) {
                FloatBuffer one = FloatBuffer.allocate(1);
                file.readFloats("large", marked[i], one);
                assertEquals(i + 1, one.get(0));
            }
            FloatBuffer across = FloatBuffer.allocate(4); // over the border of two segments
            file.readFloats("large", (1L << 29) - 2, across);
            assertArrayEquals(new float[] {0, 2, 3, 0}, across.array());
        }
    }

    @Test
    void aFileThatIsNotCommittedLeavesNothing() throws IOException {
        Path path = writeRamp(10);
        byte[] before = Files.readAllBytes(path);
        try (SafetensorsWriter writer =
                SafetensorsWriter.builder().tensor("x", DataType.F32, 2).create(path)) {
            writer.write("x", FloatBuffer.wrap(new float[] {1}));
            assertThrows(IllegalStateException.class, writer::commit);
        }
        assertEquals(List.of("ramp.safetensors"), namesIn(folder));
        assertArrayEquals(before, Files.readAllBytes(path));
    }

    @Test
    void misuseOfTheWriterIsRefused() throws IOException {
        SafetensorsWriter.Builder builder = SafetensorsWriter.builder().tensor("a", DataType.F32, 1);
        assertThrows(IllegalArgumentException.class, () -> builder.tensor("a", DataType.F32, 1));
        assertThrows(IllegalArgumentException.class, () -> builder.tensor("__metadata__", DataType.F32, 1));
        assertThrows(IllegalArgumentException.class, () -> builder.tensor("b", DataType.F64, 1));
        assertThrows(IllegalArgumentException.class, () -> builder.tensor("b", DataType.F32, -1));
        assertThrows(IllegalArgumentException.class, () -> builder.tensor("b", DataType.F32, 1L << 40, 1L << 40));
        builder.tensor("b", DataType.I32, 1);
        try (SafetensorsWriter writer = builder.writeTo(new ByteArrayOutputStream())) {
            assertThrows(IllegalArgumentException.class, () -> writer.write("b", FloatBuffer.allocate(1)));
            assertThrows(IllegalArgumentException.class, () -> writer.write("a", FloatBuffer.allocate(2)));
            writer.write("a", FloatBuffer.allocate(1));
            assertThrows(IllegalArgumentException.class, () -> writer.write("b", FloatBuffer.allocate(1)));
            assertThrows(IllegalArgumentException.class, () -> writer.writeBytes("b", ByteBuffer.allocate(5)));
        }
    }

    @Test
    void aMissingFileIsNamed() {
        assertRefused(
                "nowhere.safetensors: there is no such file",
                () -> SafetensorsReader.open(folder.resolve("nowhere.safetensors")));
    }

    private Path writeRamp(int length) throws IOException {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = i;
        }
        Path path = folder.resolve("ramp.safetensors");
        try (SafetensorsWriter writer =
                SafetensorsWriter.builder().tensor("ramp", DataType.F32, length).create(path)) {
            writer.write("ramp", FloatBuffer.wrap(values));
            writer.commit();
        }
        return path;
    }

    private static List<String> namesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static void assertRefused(String found, Executable action) {
        InvalidInputException e = assertThrows(InvalidInputException.class, action);
        assertTrue(e.getMessage().startsWith("Cannot read "), e.getMessage());
        assertTrue(e.getMessage().contains(found), e.getMessage());
    }
}
