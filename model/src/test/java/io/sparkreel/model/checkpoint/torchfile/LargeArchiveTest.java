// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.torchfile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The form of zip files beyond 4 GiB, such as the shards of the published T5, at a size that fits a test. */
class LargeArchiveTest {
    private static final Path FILES = Path.of("src/test/resources/torch");
    private static final int LARGE = -1; // "see the field for large files"

    @TempDir
    private Path folder;

    /** The same entries with every size and place where only files beyond 4 GiB have them. */
    private static byte[] enlarged(Map<String, byte[]> entries) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream directory = new ByteArrayOutputStream();
        entries.forEach((name, content) -> {
            byte[] text = name.getBytes(StandardCharsets.US_ASCII);
            CRC32 checksum = new CRC32();
            checksum.update(content);
            int crc = (int) checksum.getValue();
            long place = out.size();
            out.writeBytes(record(30)
                    .putInt(0x04034b50)
                    .putShort((short) 45)
                    .putInt(0)
                    .putInt(0)
                    .putInt(crc)
                    .putInt(content.length)
                    .putInt(content.length)
                    .putShort((short) text.length)
                    .putShort((short) 0)
                    .array());
            out.writeBytes(text);
            out.writeBytes(content);
            directory.writeBytes(record(46)
                    .putInt(0x02014b50)
                    .putShort((short) 45)
                    .putShort((short) 45)
                    .putInt(0)
                    .putInt(0)
                    .putInt(crc)
                    .putInt(LARGE)
                    .putInt(LARGE)
                    .putShort((short) text.length)
                    .putShort((short) 28)
                    .putShort((short) 0)
                    .putInt(0)
                    .putInt(0)
                    .putInt(LARGE)
                    .array());
            directory.writeBytes(text);
            directory.writeBytes(record(28)
                    .putShort((short) 1)
                    .putShort((short) 24)
                    .putLong(content.length)
                    .putLong(content.length)
                    .putLong(place)
                    .array());
        });
        long begin = out.size();
        out.writeBytes(directory.toByteArray());
        long end = out.size();
        out.writeBytes(record(56)
                .putInt(0x06064b50)
                .putLong(44)
                .putShort((short) 45)
                .putShort((short) 45)
                .putInt(0)
                .putInt(0)
                .putLong(entries.size())
                .putLong(entries.size())
                .putLong(directory.size())
                .putLong(begin)
                .array());
        out.writeBytes(
                record(20).putInt(0x07064b50).putInt(0).putLong(end).putInt(1).array());
        out.writeBytes(record(22)
                .putInt(0x06054b50)
                .putInt(0)
                .putShort((short) -1)
                .putShort((short) -1)
                .putInt(LARGE)
                .putInt(LARGE)
                .putShort((short) 0)
                .array());
        return out.toByteArray();
    }

    private static ByteBuffer record(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void readsWhatIsWrittenAsIfItWereBeyondFourGibibytes() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipFile small = new ZipFile(FILES.resolve("types.bin").toFile())) {
            for (ZipEntry entry : small.stream().toList()) {
                entries.put(entry.getName(), small.getInputStream(entry).readAllBytes());
            }
        }
        Path file = Files.write(folder.resolve("large.bin"), enlarged(entries));
        try (ZipFile stock = new ZipFile(file.toFile())) { // another reader agrees that it is such a file
            assertEquals(entries.size(), stock.size());
        }
        try (TorchFile large = TorchFile.open(file);
                SafetensorsReader expected = SafetensorsReader.open(FILES.resolve("types.safetensors"))) {
            assertEquals(expected.tensors().keySet(), Set.copyOf(large.tensors().keySet()));
            for (String name : expected.tensors().keySet()) {
                assertArrayEquals(TorchFileTest.bytes(expected, name), TorchFileTest.bytes(large, name), name);
            }
        }
    }
}
