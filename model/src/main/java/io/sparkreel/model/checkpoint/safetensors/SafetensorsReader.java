// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import io.sparkreel.model.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Reads tensors of a safetensors file of any size: a local one straight from its mapping, another range by range. The
 * header is checked in full when the file is opened; see {@link SafetensorsHeader}. Safe for use by several threads.
 *
 * <p>Format: https://github.com/huggingface/safetensors: eight bytes with the header's length (little endian), a JSON
 * header, and the data.
 */
public final class SafetensorsReader implements TensorSource {

    private static final int CHUNK_BYTES = 1 << 20; // a multiple of every element size

    private final String name;
    private final RangedFile file;
    private final MappedTensors mapped; // null where ranges are read
    private final SafetensorsHeader header;
    private final long dataStart;

    private SafetensorsReader(String name, RangedFile file, FileChannel mapped)
            throws IOException, SafetensorsHeader.MalformedException {
        this.name = name;
        this.file = file;
        long size = file.size();
        byte[] bytes = new byte[headerLength(file, size)];
        file.read(Long.BYTES, ByteBuffer.wrap(bytes));
        this.dataStart = Long.BYTES + (long) bytes.length;
        this.header = SafetensorsHeader.parse(bytes, size - dataStart);
        this.mapped = mapped == null ? null : new MappedTensors(mapped, dataStart);
    }

    /**
     * Opens a file of this machine and checks its header.
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
        return open(path.toString(), RangedFile.of(channel), channel);
    }

    /**
     * Opens a file stored anywhere and checks its header. Tensors are read range by range.
     *
     * @param name the file as a person would name it
     * @param file is closed with the reader, and if it is refused
     * @throws InvalidInputException if it is not a valid safetensors file
     * @throws IOException if reading fails
     */
    public static SafetensorsReader open(String name, RangedFile file) throws IOException {
        return open(name, file, null);
    }

    private static SafetensorsReader open(String name, RangedFile file, FileChannel mapped) throws IOException {
        try {
            return new SafetensorsReader(name, file, mapped);
        } catch (SafetensorsHeader.MalformedException e) {
            file.close();
            throw new InvalidInputException(
                    "Cannot read " + name + ": " + e.getMessage() + ". Get an intact safetensors file.");
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private static int headerLength(RangedFile file, long size)
            throws IOException, SafetensorsHeader.MalformedException {
        if (size < Long.BYTES) {
            throw new SafetensorsHeader.MalformedException("it has only " + size + " bytes");
        }
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.read(0, length);
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
    public void readFloats(String tensorName, long firstElement, FloatBuffer target) throws IOException {
        TensorInfo tensor = tensor(tensorName);
        DataType type = tensor.dataType();
        requireRange(tensor, firstElement, target.remaining(), tensor.elementCount());
        long element = firstElement;
        while (target.hasRemaining()) {
            ByteBuffer bytes = bytesAt(tensor, element * type.bytes(), (long) target.remaining() * type.bytes());
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
    public long[] longs(String tensorName) throws IOException {
        TensorInfo tensor = tensor(tensorName);
        long[] values = new long[Math.toIntExact(tensor.elementCount())];
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.toIntExact(tensor.byteLength())).order(ByteOrder.LITTLE_ENDIAN);
        readBytes(tensorName, 0, bytes);
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
    public void readBytes(String tensorName, long firstByte, ByteBuffer target) throws IOException {
        TensorInfo tensor = tensor(tensorName);
        requireRange(tensor, firstByte, target.remaining(), tensor.byteLength());
        long position = firstByte;
        while (target.hasRemaining()) {
            ByteBuffer bytes = bytesAt(tensor, position, target.remaining());
            int count = Math.min(target.remaining(), bytes.remaining());
            bytes.limit(bytes.position() + count);
            target.put(bytes);
            position += count;
        }
    }

    /** Closes the file. The mapped memory goes with the last reference to it. */
    @Override
    public void close() throws IOException {
        if (mapped != null) {
            mapped.clear();
        }
        file.close();
    }

    private TensorInfo tensor(String tensorName) {
        TensorInfo tensor = header.tensors().get(tensorName);
        if (tensor == null) {
            throw new InvalidInputException("Cannot read tensor '" + tensorName + "' of " + name + ": it has "
                    + header.tensors().size()
                    + " tensors, none of that name. Give the weights of the configured model.");
        }
        return tensor;
    }

    private InvalidInputException wrongType(TensorInfo tensor, String wanted) {
        return new InvalidInputException("Cannot read tensor '" + tensor.name() + "' of " + name + " as " + wanted
                + ": its type is " + tensor.dataType() + ". Give weights of another type.");
    }

    private static void requireRange(TensorInfo tensor, long first, long count, long available) {
        if (first < 0 || first > available - count) {
            throw new IndexOutOfBoundsException(
                    count + " from " + first + " are not inside the " + available + " of tensor " + tensor.name());
        }
    }

    /** Bytes of a tensor from a position on, in little endian: at least one element, at most {@code wanted} if copied. */
    private ByteBuffer bytesAt(TensorInfo tensor, long position, long wanted) throws IOException {
        if (mapped != null) {
            return mapped.bytesAt(tensor, position).order(ByteOrder.LITTLE_ENDIAN);
        }
        ByteBuffer copy =
                ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, wanted)).order(ByteOrder.LITTLE_ENDIAN);
        file.read(dataStart + tensor.begin() + position, copy);
        return copy.flip();
    }
}
