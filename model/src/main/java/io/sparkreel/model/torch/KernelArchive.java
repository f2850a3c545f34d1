// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs TorchScript source as the archive that libtorch loads: a stored zip whose {@code data.pkl} holds one
 * object without attributes of the class that the source defines.
 */
final class KernelArchive {
    /** From this version on libtorch takes the operators as they are written, without upgrading them. */
    private static final String FORMAT_VERSION = "10\n";

    private KernelArchive() {}

    /** The source of a class with the functions of {@code shared.py} as its first. */
    static String withShared(String source, String shared, String className) {
        String marker = "  training : bool\n";
        int begin = source.indexOf(marker) + marker.length();
        String functions =
                shared.substring(shared.indexOf("  def ")).replace("__torch__.Shared", "__torch__." + className);
        return source.substring(0, begin) + "\n" + functions + source.substring(begin);
    }

    static byte[] pack(String source, String className) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            store(zip, "kernels/data.pkl", moduleObject(className));
            store(zip, "kernels/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
            store(zip, "kernels/version", FORMAT_VERSION.getBytes(StandardCharsets.US_ASCII));
            store(zip, "kernels/code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Protocol 2 opcodes for {@code className()} with the state {@code {"training": True}}. */
    private static byte[] moduleObject(String className) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x80, 2, 'c'});
        out.write(("__torch__\n" + className + "\n").getBytes(StandardCharsets.US_ASCII));
        out.write(new byte[] {')', (byte) 0x81, '}', '(', 'X'});
        byte[] key = "training".getBytes(StandardCharsets.US_ASCII);
        out.write(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(key.length)
                .array());
        out.write(key);
        out.write(new byte[] {(byte) 0x88, 'u', 'b', '.'});
        return out.toByteArray();
    }

    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 checksum = new CRC32();
        checksum.update(content);
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(checksum.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
