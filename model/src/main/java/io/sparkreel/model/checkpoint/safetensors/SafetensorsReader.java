// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import io.sparkreel.model.InvalidInputException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads tensors of a safetensors file of any size, straight from the mapped file. The header is checked in full when
 * the file is opened; see {@link SafetensorsHeader}. Safe for use by several threads.
 *
 * <p>Format: https://github.com/huggingface/safetensors: eight bytes with the header's length (little endian), a JSON
 * header, and the data.
 */
public final class SafetensorsReader implements TensorSource {

    // One mapping holds less than 2 GiB. A multiple of every element size, so that no element lies in two segments.
    private static final long SEGMENT_BYTES = 1L << 30;

    private final Path path;
    private final FileChannel channel;
    private final SafetensorsHeader header;
    private final long dataStart;
    private final Map<String, ByteBuffer[]> mappings = new HashMap<>();

    private SafetensorsReader(Path path, FileChannel channel, SafetensorsHeader header, long dataStart) {
        this.path = path;
        this.channel = channel;
        this.header = header;
        this.dataStart = dataStart;
    }

    /**
     * Opens a file and checks its header.
     *
     * @throws InvalidInputException if there is no such file or it is not a valid safetensors file
     * @throws IOException if reading fails
     */
    public static SafetensorsReader open(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new InvalidInputException(
                    "Cannot read " + path + ": there is no such file. Give the path of a safetensors file.");
        }
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            long size = channel.size();
            int length = headerLength(channel, size);
            byte[] bytes = new byte[length];
            readFully(channel, ByteBuffer.wrap(bytes), Long.BYTES);
            long dataStart = Long.BYTES + (long) length;
            return new SafetensorsReader(path, channel, SafetensorsHeader.parse(bytes, size - dataStart), dataStart);
        } catch (SafetensorsHeader.MalformedException e) {
            channel.close();
            throw new InvalidInputException(
                    "Cannot read " + path + ": " + e.getMessage() + ". Get an intact safetensors file.");
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    private static int headerLength(FileChannel channel, long size)
            throws IOException, SafetensorsHeader.MalformedException {
        if (size < Long.BYTES) {
            throw new SafetensorsHeader.MalformedException("it has only " + size + " bytes");
        }
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        readFully(channel, length, 0);
        long bytes = length.getLong(0);
        if (bytes < 2 || bytes > size - Long.BYTES) {
            throw new SafetensorsHeader.MalformedException(
                    "its header would be " + Long.toUnsignedString(bytes) + " bytes long in a file of " + size);
        }
        if (bytes > SafetensorsHeader.MAX_BYTES) {
            throw new SafetensorsHeader.MalformedException("its header of " + bytes + " bytes is longer than the "
                    + SafetensorsHeader.MAX_BYTES + " that are read");
        }
        return (int) bytes;
    }

    /** The file's tensors by name, in the order of its header. */
    @Override
    public Map<String, TensorInfo> tensors() {
        return header.tensors();
    }

    /** The file's metadata; empty if it has none. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    @Override
    public void readFloats(String name, long firstElement, FloatBuffer target) throws IOException {
        TensorInfo tensor = tensor(name);
        DataType type = tensor.dataType();
        requireRange(tensor, firstElement, target.remaining(), tensor.elementCount());
        long element = firstElement;
        while (target.hasRemaining()) {
            ByteBuffer bytes = bytesAt(tensor, element * type.bytes());
            int count = Math.min(target.remaining(), bytes.remaining() / type.bytes());
            bytes.limit(bytes.position() + count * type.bytes());
            if (!FloatDecoder.decode(bytes, type, target)) {
                throw wrongType(tensor, "floats");
            }
            element += count;
        }
    }

    /**
     * Reads a whole integer or boolean tensor; U64 values beyond the range of a long come out negative.
     *
     * @throws InvalidInputException if there is no such tensor or it is floating
     */
    public long[] longs(String name) throws IOException {
        TensorInfo tensor = tensor(name);
        long[] values = new long[Math.toIntExact(tensor.elementCount())];
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.toIntExact(tensor.byteLength())).order(ByteOrder.LITTLE_ENDIAN);
        readBytes(name, 0, bytes);
        bytes.flip();
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (tensor.dataType()) {
                case BOOL, U8 -> bytes.get() & 0xFF;
                case I8 -> bytes.get();
                case U16 -> bytes.getShort() & 0xFFFF;
                case I16 -> bytes.getShort();
                case U32 -> bytes.getInt() & 0xFFFFFFFFL;
                case I32 -> bytes.getInt();
                case U64, I64 -> bytes.getLong();
                default -> throw wrongType(tensor, "integers");
            };
        }
        return values;
    }

    @Override
    public void readBytes(String name, long firstByte, ByteBuffer target) throws IOException {
        TensorInfo tensor = tensor(name);
        requireRange(tensor, firstByte, target.remaining(), tensor.byteLength());
        long position = firstByte;
        while (target.hasRemaining()) {
            ByteBuffer bytes = bytesAt(tensor, position);
            int count = Math.min(target.remaining(), bytes.remaining());
            bytes.limit(bytes.position() + count);
            target.put(bytes);
            position += count;
        }
    }

    /** Closes the file. The mapped memory goes with the last reference to it. */
    @Override
    public synchronized void close() throws IOException {
        mappings.clear();
        channel.close();
    }

    private TensorInfo tensor(String name) {
        TensorInfo tensor = header.tensors().get(name);
        if (tensor == null) {
            throw new InvalidInputException("Cannot read tensor '" + name + "' of " + path + ": it has "
                    + header.tensors().size()
                    + " tensors, none of that name. Give the weights of the configured model.");
        }
        return tensor;
    }

    private InvalidInputException wrongType(TensorInfo tensor, String wanted) {
        return new InvalidInputException("Cannot read tensor '" + tensor.name() + "' of " + path + " as " + wanted
                + ": its type is " + tensor.dataType() + ". Give weights of another type.");
    }

    private static void requireRange(TensorInfo tensor, long first, long count, long available) {
        if (first < 0 || first > available - count) {
            throw new IndexOutOfBoundsException(
                    count + " from " + first + " are not inside the " + available + " of tensor " + tensor.name());
        }
    }

    /** The mapped bytes of a tensor from a position to the end of its segment, in little endian. */
    private synchronized ByteBuffer bytesAt(TensorInfo tensor, long position) throws IOException {
        int segments = Math.toIntExact((tensor.byteLength() + SEGMENT_BYTES - 1) / SEGMENT_BYTES);
        ByteBuffer[] mapped = mappings.computeIfAbsent(tensor.name(), name -> new ByteBuffer[segments]);
        int index = (int) (position / SEGMENT_BYTES);
        if (mapped[index] == null) {
            long start = index * SEGMENT_BYTES;
            long length = Math.min(SEGMENT_BYTES, tensor.byteLength() - start);
            mapped[index] = channel.map(FileChannel.MapMode.READ_ONLY, dataStart + tensor.begin() + start, length);
        }
        return mapped[index].duplicate().order(ByteOrder.LITTLE_ENDIAN).position((int) (position % SEGMENT_BYTES));
    }

    private static void readFully(FileChannel channel, ByteBuffer target, long position) throws IOException {
        while (target.hasRemaining()) {
            int count = channel.read(target, position + target.position());
            if (count < 0) {
                throw new EOFException("file became shorter while it was read");
            }
        }
    }
}
