// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.Closeable;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HexFormat;

/**
 * Memory that two neighbours of a ring on one host share: for each stream some slots, which the sender fills in turn,
 * and the number of those that the receiver is done with.
 *
 * <p>The file behind it loses its name as soon as it exists, so nothing is left however the processes end. The receiver
 * opens it through the sender's descriptor under {@code /proc}. That works only on the sender's host and in its process
 * namespace, for the same user; and the receiver looks for the token that the sender told it, so two hosts or
 * containers that merely look alike are not taken for one.
 */
final class SharedSegment implements Closeable {

    private static final String NAME = "sparkreel-ring-";
    private static final Path MEMORY = Path.of("/dev/shm");
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final int SLOTS = 4;
    private static final int TOKEN_BYTES = 32;
    /** Counters lie this far apart, so that no two share a cache line. */
    private static final int APART = 128;

    private static final int COUNTERS = 2;
    private static final int PAGE = 4096;

    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final FileChannel channel;
    private final String offer;
    private final ByteBuffer memory;
    private final int slotBytes;
    private final int streamBytes;

    private SharedSegment(FileChannel channel, String offer, int streams, int slotBytes) throws IOException {
        this.channel = channel;
        this.offer = offer;
        this.slotBytes = slotBytes;
        this.streamBytes = streamBytes(slotBytes);
        this.memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, size(streams, slotBytes))
                .order(ByteOrder.nativeOrder());
    }

    private static int streamBytes(int slotBytes) {
        return (COUNTERS * APART + SLOTS * slotBytes + PAGE - 1) / PAGE * PAGE;
    }

    private static long size(int streams, int slotBytes) {
        return PAGE + (long) streams * streamBytes(slotBytes);
    }

    /**
     * Memory for what this process sends.
     *
     * @throws IOException if there is too little, or this is not Linux
     */
    static SharedSegment create(int streams, int slotBytes) throws IOException {
        Path folder = Files.isWritable(MEMORY) ? MEMORY : Path.of(System.getProperty("java.io.tmpdir"));
        Path file = Files.createTempFile(
                folder,
                NAME,
                "",
                PosixFilePermissions.asFileAttribute(
                        EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE)));
        FileChannel channel;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } finally {
            Files.delete(file);
        }
        try {
            byte[] token = new byte[TOKEN_BYTES];
            new SecureRandom().nextBytes(token);
            allocate(channel, token, size(streams, slotBytes));
            String offer = ProcessHandle.current().pid() + " " + descriptor(file) + " "
                    + HexFormat.of().formatHex(token);
            return new SharedSegment(channel, offer, streams, slotBytes);
        } catch (IOException | RuntimeException failed) {
            channel.close();
            throw failed;
        }
    }

    /** Writes every page: a mapped page for which there is no memory would end the process when it is first touched. */
    private static void allocate(FileChannel channel, byte[] token, long size) throws IOException {
        ByteBuffer page = ByteBuffer.allocate(PAGE).put(token).clear();
        for (long at = 0; at < size; at += PAGE) {
            channel.write(page, at);
            page.clear().put(new byte[TOKEN_BYTES]).clear();
        }
        if (channel.size() < size) {
            throw new IOException("there is too little shared memory");
        }
    }

    private static String descriptor(Path file) throws IOException {
        try (DirectoryStream<Path> open = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path one : open) {
                if (target(one).startsWith(file.toString())) {
                    return one.getFileName().toString();
                }
            }
        }
        throw new IOException("this system does not list the open files of a process");
    }

    /** What a descriptor is open on; empty where another thread has closed it since it was listed. */
    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException closed) {
            return "";
        }
    }

    /** What {@link #attach} takes. */
    String offer() {
        return offer;
    }

    /**
     * The memory of a neighbour.
     *
     * @throws IOException if it is not on this host or cannot be reached
     */
    static SharedSegment attach(String offer, int streams, int slotBytes) throws IOException {
        String[] parts = offer.split(" ");
        if (!offer.matches("\\d+ \\d+ [0-9a-f]{" + 2 * TOKEN_BYTES + "}")) {
            throw new IOException(offer);
        }
        FileChannel channel = FileChannel.open(
                Path.of("/proc", parts[0], "fd", parts[1]), StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            ByteBuffer found = ByteBuffer.allocate(TOKEN_BYTES);
            if (channel.size() != size(streams, slotBytes)
                    || channel.read(found, 0) != TOKEN_BYTES
                    || !HexFormat.of().formatHex(found.array()).equals(parts[2])) {
                throw new IOException("it is on another host");
            }
            return new SharedSegment(channel, offer, streams, slotBytes);
        } catch (IOException | RuntimeException failed) {
            channel.close();
            throw failed;
        }
    }

    /** Slot of slice {@code number} of a stream, counted from 0. */
    ByteBuffer slot(int stream, long number) {
        int at = PAGE + stream * streamBytes + COUNTERS * APART + (int) (number % SLOTS) * slotBytes;
        return memory.slice(at, slotBytes).order(ByteOrder.nativeOrder());
    }

    int slots() {
        return SLOTS;
    }

    /** How many slices of a stream the receiver is done with. */
    long consumed(int stream) {
        return (long) LONGS.getVolatile(memory, counter(stream, 0));
    }

    void consume(int stream, long count) {
        LONGS.setVolatile(memory, counter(stream, 0), count);
    }

    /** The sender asks to be told of the next free slot. */
    void askForSlot(int stream) {
        LONGS.setVolatile(memory, counter(stream, 1), 1L);
    }

    /** Whether the sender has asked since the last call. */
    boolean takeQuestion(int stream) {
        return (long) LONGS.getVolatile(memory, counter(stream, 1)) != 0
                && (long) LONGS.getAndSet(memory, counter(stream, 1), 0L) != 0;
    }

    private int counter(int stream, int which) {
        return PAGE + stream * streamBytes + which * APART;
    }

    /** Closes the descriptor, after which nobody new can attach; the memory stays as long as it is used. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
