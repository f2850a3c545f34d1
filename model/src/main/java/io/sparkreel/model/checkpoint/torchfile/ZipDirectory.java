// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.torchfile;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * Where the entries of a zip file lie. PyTorch stores them without compression, so that they can be read in place; the
 * zip classes of Java do not say where.
 */
final class ZipDirectory {
    /** An entry's bytes in the file. */
    record Range(long begin, long bytes) {}

    private ZipDirectory() {}

    /** All entries by name. The channel stays open. */
    static Map<String, Range> read(FileChannel file) throws MalformedArchiveException {
        try (ZipFile zip =
                ZipFile.builder().setSeekableByteChannel(new Borrowed(file)).get()) {
            return ranges(zip, file.size());
        } catch (IOException | RuntimeException damaged) { // of damaged files it throws either
            throw new MalformedArchiveException("it is no whole zip file: " + damaged.getMessage());
        }
    }

    private static Map<String, Range> ranges(ZipFile zip, long fileBytes) throws MalformedArchiveException {
        Map<String, Range> entries = new LinkedHashMap<>();
        for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
            if (entry.getMethod() != ZipEntry.STORED || entry.getCompressedSize() != entry.getSize()) {
                throw new MalformedArchiveException("it is compressed, which PyTorch does not do");
            }
            long begin = entry.getDataOffset();
            if (begin < 0 || entry.getSize() < 0 || begin > fileBytes - entry.getSize()) {
                throw new MalformedArchiveException("it ends within an entry");
            }
            if (entries.put(entry.getName(), new Range(begin, entry.getSize())) != null) {
                throw new MalformedArchiveException("its directory names an entry twice");
            }
        }
        return entries;
    }

    /** A file that stays open when the archive over it is closed. */
    private record Borrowed(FileChannel file) implements SeekableByteChannel {
        @Override
        public int read(ByteBuffer bytes) throws IOException {
            return file.read(bytes);
        }

        @Override
        public int write(ByteBuffer bytes) {
            throw new NonWritableChannelException();
        }

        @Override
        public long position() throws IOException {
            return file.position();
        }

        @Override
        public SeekableByteChannel position(long position) throws IOException {
            file.position(position);
            return this;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public SeekableByteChannel truncate(long size) {
            throw new NonWritableChannelException();
        }

        @Override
        public boolean isOpen() {
            return file.isOpen();
        }

        @Override
        public void close() {
            // whoever opened the file closes it
        }
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
