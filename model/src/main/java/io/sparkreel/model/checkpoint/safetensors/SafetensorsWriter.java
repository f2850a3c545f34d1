// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Writes a safetensors file: declare the tensors, then stream their elements in the order of declaration, in pieces of
 * any size, then {@link #commit}. Nothing is held in memory but the header and one buffer.
 *
 * <p>A file made with {@link Builder#create} appears under its name only when committed; closed before that, it leaves
 * nothing behind.
 */
public final class SafetensorsWriter implements AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 20;

    private final OutputStream out;
    private final List<TensorInfo> tensors;
    private final FileOutputStream temporaryStream;
    private final Path temporary;
    private final Path target;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private int current;
    private long written;
    private boolean committed;

    private SafetensorsWriter(
            SafetensorsHeader header, OutputStream out, FileOutputStream temporaryStream, Path temporary, Path target)
            throws IOException {
        this.tensors = List.copyOf(header.tensors().values());
        this.out = out;
        this.temporaryStream = temporaryStream;
        this.temporary = temporary;
        this.target = target;
        out.write(header.encode());
        passFinished();
    }

    /** Starts the declaration of a file. */
    public static Builder builder() {
        return new Builder();
    }

    /** The declaration of a file: its metadata and its tensors, in the order in which they will be written. */
    public static final class Builder {
        private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        private final Map<String, String> metadata = new LinkedHashMap<>();
        private long end;
        private int elementBytes = Long.BYTES;

        private Builder() {}

        /** Adds one entry of metadata. */
        public Builder metadata(String key, String value) {
            metadata.put(key, value);
            return this;
        }

        /**
         * Adds a tensor.
         *
         * @throws IllegalArgumentException if the name is taken or reserved, a dimension is negative, or its elements
         *     are wider than those of the tensor before it: readers that map files want every element aligned
         */
        public Builder tensor(String name, DataType dataType, long... shape) {
            if (name.equals("__metadata__") || tensors.containsKey(name)) {
                throw new IllegalArgumentException("tensor name is taken: " + name);
            }
            if (dataType.bytes() > elementBytes) {
                throw new IllegalArgumentException("declare tensors with wider elements first: " + name);
            }
            long begin = end;
            try {
                end = Math.addExact(begin, TensorInfo.byteLength(dataType, shape));
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("tensor " + name + " cannot have this shape", e);
            }
            elementBytes = dataType.bytes();
            tensors.put(name, new TensorInfo(name, dataType, shape, begin, end));
            return this;
        }

        /** Begins a file on the local disk; a file of that name is replaced on commit. */
        public SafetensorsWriter create(Path path) throws IOException {
            Path target = path.toAbsolutePath();
            Files.createDirectories(target.getParent());
            Path temporary = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
            FileOutputStream file = new FileOutputStream(temporary.toFile());
            try {
                return new SafetensorsWriter(header(), new BufferedOutputStream(file), file, temporary, target);
            } catch (IOException e) {
                file.close();
                Files.deleteIfExists(temporary);
                throw e;
            }
        }

        /** Begins a file in a stream, which the writer closes. What an unfinished stream leaves is its owner's care. */
        public SafetensorsWriter writeTo(OutputStream stream) throws IOException {
            return new SafetensorsWriter(header(), new BufferedOutputStream(stream), null, null, null);
        }

        private SafetensorsHeader header() {
            return new SafetensorsHeader(new LinkedHashMap<>(tensors), new LinkedHashMap<>(metadata));
        }
    }

    /**
     * Writes the next elements of a floating tensor, converted to its type: F32, BF16 or F16 (rounded to nearest, ties
     * to even) or F64.
     *
     * @param name the tensor in turn
     * @param values elements from its position to its limit; its position moves
     * @throws IllegalArgumentException if another tensor is in turn, the tensor is not floating or gets too much
     */
    public void write(String name, FloatBuffer values) throws IOException {
        if (!values.hasRemaining()) {
            return; // a tensor without elements has no turn
        }
        TensorInfo tensor = inTurn(name, values.remaining(), true);
        while (values.hasRemaining()) {
            buffer.clear();
            int count = Math.min(
                    values.remaining(), BUFFER_BYTES / tensor.dataType().bytes());
            for (int i = 0; i < count; i++) {
                narrow(values.get(), tensor);
            }
            out.write(buffer.array(), 0, buffer.position());
            written += buffer.position();
        }
        passFinished();
    }

    /**
     * Writes the next bytes of a tensor as they are to stand in the file, elements in little endian.
     *
     * @param name the tensor in turn
     * @param bytes bytes from its position to its limit; its position moves
     * @throws IllegalArgumentException if another tensor is in turn or it gets too much
     */
    public void writeBytes(String name, ByteBuffer bytes) throws IOException {
        if (!bytes.hasRemaining()) {
            return;
        }
        inTurn(name, bytes.remaining(), false);
        while (bytes.hasRemaining()) {
            int count = Math.min(bytes.remaining(), BUFFER_BYTES);
            bytes.get(buffer.array(), 0, count);
            out.write(buffer.array(), 0, count);
            written += count;
        }
        passFinished();
    }

    /**
     * Finishes the file; one made on the local disk is forced to disk and gets its name.
     *
     * @throws IllegalStateException if a declared tensor is not complete
     */
    public void commit() throws IOException {
        if (current < tensors.size()) {
            throw new IllegalStateException("tensor " + tensors.get(current).name() + " is not complete");
        }
        out.flush();
        if (temporaryStream != null) {
            temporaryStream.getFD().sync();
        }
        out.close();
        if (temporary != null) {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE); // the file exists from here on
        }
        committed = true;
    }

    /** Releases the file; drops one made on the local disk that was not committed. */
    @Override
    public void close() throws IOException {
        if (!committed) {
            try {
                out.close();
            } finally {
                if (temporary != null) {
                    Files.deleteIfExists(temporary);
                }
            }
        }
    }

    private TensorInfo inTurn(String name, int count, boolean elements) {
        if (current == tensors.size() || !tensors.get(current).name().equals(name)) {
            throw new IllegalArgumentException("tensor " + name + " is not in turn; "
                    + (current == tensors.size()
                            ? "all are complete"
                            : tensors.get(current).name() + " is"));
        }
        TensorInfo tensor = tensors.get(current);
        long bytes = elements ? (long) count * tensor.dataType().bytes() : count;
        if (bytes > tensor.byteLength() - written) {
            throw new IllegalArgumentException(
                    "tensor " + name + " takes " + (tensor.byteLength() - written) + " more bytes, not " + bytes);
        }
        return tensor;
    }

    private void narrow(float value, TensorInfo tensor) {
        switch (tensor.dataType()) {
            case F32 -> buffer.putFloat(value);
            case BF16 -> buffer.putShort(HalfPrecision.toBf16(value));
            case F16 -> buffer.putShort(HalfPrecision.toF16(value));
            case F64 -> buffer.putDouble(value);
            default -> throw new IllegalArgumentException("tensor " + tensor.name() + " is " + tensor.dataType());
        }
    }

    private void passFinished() {
        while (current < tensors.size() && written == tensors.get(current).byteLength()) {
            current++;
            written = 0;
        }
    }
}
