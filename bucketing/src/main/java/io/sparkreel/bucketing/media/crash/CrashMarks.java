// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.crash;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Notes on the local disk which media file is open, so that a crash of the native decoder, which
 * takes the process along, costs one file: the next process on the node finds the note and puts
 * that file aside as {@link MediaProblem#NATIVE_CRASH} instead of opening it again.
 *
 * <p>Each process has one file of marks and holds a lock on it, which the operating system releases
 * when the process ends in whatever way. A file of marks without a lock therefore belongs to the
 * dead. Safe for use by several threads.
 */
public final class CrashMarks implements AutoCloseable {

    private static final String SUFFIX = ".marks";
    private static final int SLOT_BYTES = 8192;

    /** Must not even be opened again: closing a second channel would release the process's lock. */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;
    private final List<String> leftBehind;
    private final Deque<Integer> freeSlots = new ArrayDeque<>();
    private int slots;

    private CrashMarks(Path file, FileChannel channel, List<String> leftBehind) {
        this.file = file;
        this.channel = channel;
        this.leftBehind = List.copyOf(leftBehind);
    }

    /**
     * Collects the marks of dead processes and begins this process's own.
     *
     * @param folder on a local disk, shared by all processes of a job on this node; created if absent
     */
    public static CrashMarks open(Path folder) throws IOException {
        Path place = Files.createDirectories(folder).toRealPath();
        List<String> leftBehind = collect(place);
        String name = UUID.randomUUID().toString();
        Path fresh = place.resolve(name + ".tmp");
        Path file = place.resolve(name + SUFFIX);
        FileChannel channel = FileChannel.open(
                fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            channel.lock();
            // Only a locked file may carry the name by which others look for the dead.
            OWN.add(file);
            Files.move(fresh, file);
            return new CrashMarks(file, channel, leftBehind);
        } catch (IOException | RuntimeException exception) {
            OWN.remove(file);
            channel.close();
            throw exception;
        }
    }

    /** By one thread at a time: a process cannot ask twice for the lock of a file. */
    private static synchronized List<String> collect(Path folder) throws IOException {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            for (Path file : files) {
                if (OWN.contains(file)) {
                    continue;
                }
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
                        FileLock lock = channel.tryLock()) {
                    if (lock != null) {
                        read(channel, found);
                        Files.delete(file);
                    }
                } catch (NoSuchFileException collectedByAnother) {
                    // Another process has read its marks.
                }
            }
        }
        return found;
    }

    private static void read(FileChannel channel, List<String> found) throws IOException {
        for (long slot = 0; slot < channel.size(); slot += SLOT_BYTES) {
            ByteBuffer bytes = ByteBuffer.allocate(SLOT_BYTES);
            while (bytes.hasRemaining() && channel.read(bytes, slot + bytes.position()) > 0) {
                // Fills the slot.
            }
            bytes.flip();
            int length = bytes.remaining() < Integer.BYTES ? 0 : bytes.getInt();
            if (length > 0 && length <= bytes.remaining()) {
                found.add(new String(bytes.array(), Integer.BYTES, length, StandardCharsets.UTF_8));
            }
        }
    }

    /** Names of the files that were open when a process on this node died. */
    public List<String> leftBehind() {
        return leftBehind;
    }

    /**
     * Marks a file as open until the returned mark is closed.
     *
     * @param name of the file, at most 8,188 bytes of UTF-8
     */
    public Mark mark(String name) throws IOException {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        if (text.length > SLOT_BYTES - Integer.BYTES) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "Cannot mark a file as open: its name has %d bytes. Use names of up to %d bytes.",
                    text.length,
                    SLOT_BYTES - Integer.BYTES));
        }
        int slot = takeSlot();
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES + text.length);
        bytes.putInt(text.length).put(text).flip();
        write(bytes, slot);
        return new Mark(slot);
    }

    private synchronized int takeSlot() {
        return freeSlots.isEmpty() ? slots++ : freeSlots.pop();
    }

    private synchronized void returnSlot(int slot) {
        freeSlots.push(slot);
    }

    private void write(ByteBuffer bytes, int slot) throws IOException {
        long start = (long) slot * SLOT_BYTES;
        while (bytes.hasRemaining()) {
            channel.write(bytes, start + bytes.position());
        }
    }

    /** Ends this process's marks; nothing is left behind. */
    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
        channel.close();
        OWN.remove(file);
    }

    /** One file that is open. */
    public final class Mark implements AutoCloseable {

        private final int slot;
        private boolean closed;

        private Mark(int slot) {
            this.slot = slot;
        }

        @Override
        public void close() {
            if (closed) {
                return;
            }
            closed = true;
            try {
                write(ByteBuffer.allocate(Integer.BYTES), slot);
            } catch (IOException exception) {
                throw new UncheckedIOException(exception);
            }
            returnSlot(slot);
        }
    }
}
