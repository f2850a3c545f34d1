// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.torchfile;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.FloatDecoder;
import io.sparkreel.model.checkpoint.safetensors.TensorInfo;
import io.sparkreel.model.checkpoint.safetensors.TensorSource;
import io.sparkreel.model.checkpoint.torchfile.TorchArchive.StoredTensor;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tensors of a file that {@code torch.save} wrote, PyTorch 1.6 or newer ({@code .bin}, {@code .pt}, {@code .pth}).
 * Nothing in the file is executed, see {@link TorchArchive}. Safe for use by several threads.
 */
public final class TorchFile implements TensorSource {

    private static final int CHUNK_BYTES = 1 << 20;
    private static final Map<String, DataType> TYPES = Map.of(
            "FloatStorage",
            DataType.F32,
            "DoubleStorage",
            DataType.F64,
            "HalfStorage",
            DataType.F16,
            "BFloat16Storage",
            DataType.BF16,
            "LongStorage",
            DataType.I64,
            "IntStorage",
            DataType.I32,
            "ShortStorage",
            DataType.I16,
            "CharStorage",
            DataType.I8,
            "ByteStorage",
            DataType.U8,
            "BoolStorage",
            DataType.BOOL);

    private final Path path;
    private final FileChannel channel;
    private final Map<String, StoredTensor> stored;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private TorchFile(Path path, FileChannel channel, Map<String, StoredTensor> stored) {
        this.path = path;
        this.channel = channel;
        this.stored = stored;
        stored.forEach((name, tensor) -> {
            DataType type = TYPES.get(tensor.storageType());
            tensors.put(
                    name, new TensorInfo(name, type, tensor.shape(), 0, TensorInfo.byteLength(type, tensor.shape())));
        });
    }

    /**
     * Opens a file and finds its tensors.
     *
     * @throws InvalidInputException if it is not such a file, is damaged, or holds more than dictionaries of tensors
     * @throws IOException if reading fails
     */
    public static TorchFile open(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new InvalidInputException(
                    "Cannot read " + path + ": there is no such file. Give the path of a PyTorch file.");
        }
        Map<String, Integer> elementBytes = new HashMap<>();
        TYPES.forEach((name, type) -> elementBytes.put(name, type.bytes()));
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new TorchFile(path, channel, TorchArchive.read(channel, elementBytes));
        } catch (MalformedArchiveException e) {
            channel.close();
            throw new InvalidInputException("Cannot read " + path + ": " + e.getMessage()
                    + ". Give a dictionary of tensors saved by PyTorch 1.6 or newer, or safetensors.");
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /** Their byte ranges begin at 0: tensors that share a storage do not lie one after the other. */
    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public void readFloats(String name, long firstElement, FloatBuffer target) throws IOException {
        DataType type = info(name).dataType();
        ByteBuffer bytes = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long element = firstElement;
        while (target.hasRemaining()) {
            int count = Math.min(target.remaining(), CHUNK_BYTES / type.bytes());
            bytes.clear().limit(count * type.bytes());
            readBytes(name, element * type.bytes(), bytes);
            if (!FloatDecoder.decode(bytes.flip(), type, target)) {
                throw new InvalidInputException("Cannot read tensor '" + name + "' of " + path
                        + " as floats: its type is " + type + ". Give weights of another type.");
            }
            element += count;
        }
    }

    @Override
    public void readBytes(String name, long firstByte, ByteBuffer target) throws IOException {
        TensorInfo tensor = info(name);
        if (firstByte < 0 || firstByte > tensor.byteLength() - target.remaining()) {
            throw new IndexOutOfBoundsException(target.remaining() + " from " + firstByte + " are not inside the "
                    + tensor.byteLength() + " of tensor " + name);
        }
        StoredTensor place = stored.get(name);
        int width = tensor.dataType().bytes();
        long run = contiguousElements(place) * width; // bytes that lie one after the other
        long position = firstByte;
        while (target.hasRemaining()) {
            int count = (int) Math.min(target.remaining(), run - position % run);
            long element = elementAt(place, position / run * (run / width)) + position % run / width;
            ByteBuffer part = target.slice(target.position(), count);
            read(part, place.begin() + element * width + position % run % width);
            target.position(target.position() + count);
            position += count;
        }
    }

    /** How many elements, counted in row-major order, lie beside each other in the storage. */
    private static long contiguousElements(StoredTensor tensor) {
        long run = 1;
        for (int i = tensor.shape().length - 1; i >= 0; i--) {
            if (tensor.shape()[i] != 1 && tensor.strides()[i] != run) {
                return run;
            }
            run *= tensor.shape()[i];
        }
        return run;
    }

    /** Place in the storage of an element counted in row-major order. */
    private static long elementAt(StoredTensor tensor, long index) {
        long place = tensor.offset();
        long rest = index;
        for (int i = tensor.shape().length - 1; i >= 0; i--) {
            place += rest % tensor.shape()[i] * tensor.strides()[i];
            rest /= tensor.shape()[i];
        }
        return place;
    }

    private void read(ByteBuffer part, long position) throws IOException {
        while (part.hasRemaining()) {
            if (channel.read(part, position + part.position()) < 0) {
                throw new EOFException("file became shorter while it was read");
            }
        }
    }

    private TensorInfo info(String name) {
        TensorInfo tensor = tensors.get(name);
        if (tensor == null) {
            throw new InvalidInputException("Cannot read tensor '" + name + "' of " + path + ": it has "
                    + tensors.size() + " tensors, none of that name. Give the weights of the configured model.");
        }
        return tensor;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
