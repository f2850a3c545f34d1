// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.torchfile;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the entries of a zip file lie. PyTorch stores them without compression, so that they can be read in place; the
 * zip classes of Java do not say where. Format: PKWARE's APPNOTE, sections 4.3 and 4.5.3 (files beyond 4 GiB).
 */
final class ZipDirectory {
    private static final int END = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int LONGEST_COMMENT = 0xFFFF;
    private static final int LARGE_END_LOCATOR = 0x07064b50;
    private static final int LARGE_END_LOCATOR_BYTES = 20;
    private static final int LARGE_END = 0x06064b50;
    private static final int LARGE_END_BYTES = 56;
    private static final int ENTRY = 0x02014b50;
    private static final int ENTRY_BYTES = 46;
    private static final int LOCAL = 0x04034b50;
    private static final int LOCAL_BYTES = 30;
    private static final int LARGE_FIELD = 1;
    private static final int MOST_DIRECTORY_BYTES = 16 << 20;
    private static final long IN_LARGE_FIELD = 0xFFFFFFFFL;

    /** An entry's bytes in the file. */
    record Range(long begin, long bytes) {}

    private ZipDirectory() {}

    /** All entries by name. */
    static Map<String, Range> read(FileChannel file) throws IOException, MalformedArchiveException {
        long size = file.size();
        if (size < END_BYTES) {
            throw new MalformedArchiveException("it is too short for a zip file");
        }
        int tailBytes = (int) Math.min(size, END_BYTES + LONGEST_COMMENT);
        ByteBuffer tail = bytes(file, size - tailBytes, tailBytes);
        int end = tailBytes - END_BYTES;
        while (end >= 0 && tail.getInt(end) != END) {
            end--;
        }
        if (end < 0) {
            throw new MalformedArchiveException("it is no zip file, or its end is missing");
        }
        long directoryBytes = tail.getInt(end + 12) & IN_LARGE_FIELD;
        long directoryBegin = tail.getInt(end + 16) & IN_LARGE_FIELD;
        long locator = size - tailBytes + end - LARGE_END_LOCATOR_BYTES;
        if (locator >= 0 && bytes(file, locator, LARGE_END_LOCATOR_BYTES).getInt(0) == LARGE_END_LOCATOR) {
            long place = bytes(file, locator, LARGE_END_LOCATOR_BYTES).getLong(8);
            ByteBuffer large = bytes(file, place, LARGE_END_BYTES);
            if (large.getInt(0) != LARGE_END) {
                throw new MalformedArchiveException("its directory is damaged");
            }
            directoryBytes = large.getLong(40);
            directoryBegin = large.getLong(48);
        }
        if (directoryBytes < 0 || directoryBytes > MOST_DIRECTORY_BYTES) {
            throw new MalformedArchiveException("its directory would be " + directoryBytes + " bytes long");
        }
        return entries(file, bytes(file, directoryBegin, (int) directoryBytes));
    }

    private static Map<String, Range> entries(FileChannel file, ByteBuffer directory)
            throws IOException, MalformedArchiveException {
        Map<String, Range> entries = new LinkedHashMap<>();
        int position = 0;
        while (position < directory.capacity()) {
            if (directory.capacity() - position < ENTRY_BYTES || directory.getInt(position) != ENTRY) {
                throw new MalformedArchiveException("its directory is damaged");
            }
            int nameBytes = directory.getShort(position + 28) & 0xFFFF;
            int extraBytes = directory.getShort(position + 30) & 0xFFFF;
            int commentBytes = directory.getShort(position + 32) & 0xFFFF;
            int next = position + ENTRY_BYTES + nameBytes + extraBytes + commentBytes;
            if (next > directory.capacity()) {
                throw new MalformedArchiveException("its directory is damaged");
            }
            byte[] name = new byte[nameBytes];
            directory.get(position + ENTRY_BYTES, name);
            Range range = range(file, directory, position, position + ENTRY_BYTES + nameBytes, extraBytes);
            if (entries.put(new String(name, StandardCharsets.UTF_8), range) != null) {
                throw new MalformedArchiveException("its directory names an entry twice");
            }
            position = next;
        }
        return entries;
    }

    private static Range range(FileChannel file, ByteBuffer directory, int entry, int extra, int extraBytes)
            throws IOException, MalformedArchiveException {
        long packed = directory.getInt(entry + 20) & IN_LARGE_FIELD;
        long unpacked = directory.getInt(entry + 24) & IN_LARGE_FIELD;
        long local = directory.getInt(entry + 42) & IN_LARGE_FIELD;
        for (int at = extra; at + 4 <= extra + extraBytes; at += 4 + (directory.getShort(at + 2) & 0xFFFF)) {
            int end = at + 4 + (directory.getShort(at + 2) & 0xFFFF);
            if (directory.getShort(at) == LARGE_FIELD && end <= extra + extraBytes) {
                int value = at + 4; // only those that do not fit above are there, in this order
                if (unpacked == IN_LARGE_FIELD && value + 8 <= end) {
                    unpacked = directory.getLong(value);
                    value += 8;
                }
                if (packed == IN_LARGE_FIELD && value + 8 <= end) {
                    packed = directory.getLong(value);
                    value += 8;
                }
                if (local == IN_LARGE_FIELD && value + 8 <= end) {
                    local = directory.getLong(value);
                }
            }
        }
        if (directory.getShort(entry + 10) != 0 || packed != unpacked) {
            throw new MalformedArchiveException("it is compressed, which PyTorch does not do");
        }
        ByteBuffer header = bytes(file, local, LOCAL_BYTES);
        if (header.getInt(0) != LOCAL) {
            throw new MalformedArchiveException("its directory leads to nothing");
        }
        long begin = local + LOCAL_BYTES + (header.getShort(26) & 0xFFFF) + (header.getShort(28) & 0xFFFF);
        if (packed < 0 || begin > file.size() - packed) {
            throw new MalformedArchiveException("it ends within an entry");
        }
        return new Range(begin, packed);
    }

    /** Bytes of the file, in little endian. */
    static ByteBuffer bytes(FileChannel file, long position, int count) throws IOException, MalformedArchiveException {
        if (position < 0 || position > file.size() - count) {
            throw new MalformedArchiveException("its directory leads out of the file");
        }
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (file.read(bytes, position + bytes.position()) < 0) {
                throw new EOFException("file became shorter while it was read");
            }
        }
        return bytes.flip();
    }
}
