// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Map;

/** Tensors by name, wherever they are stored. */
public interface TensorSource extends Closeable {

    /** All tensors by name. */
    Map<String, TensorInfo> tensors();

    /**
     * Reads elements of a floating tensor as floats: F32 as it is, F16 and BF16 widened exactly, F64 rounded.
     *
     * @param firstElement index of the first element read
     * @param target receives as many elements as it has room for
     * @throws io.sparkreel.model.InvalidInputException if there is no such tensor or it is not floating
     * @throws IndexOutOfBoundsException if the tensor has fewer elements
     */
    void readFloats(String name, long firstElement, FloatBuffer target) throws IOException;

    /**
     * Reads bytes of a tensor, its elements in row-major order and little endian.
     *
     * @param firstByte first byte read, counted from the tensor's own beginning
     * @param target receives as many bytes as it has room for
     * @throws io.sparkreel.model.InvalidInputException if there is no such tensor
     * @throws IndexOutOfBoundsException if the tensor has fewer bytes
     */
    void readBytes(String name, long firstByte, ByteBuffer target) throws IOException;

    /** Reads a whole floating tensor; see {@link #readFloats}. */
    default float[] floats(String name) throws IOException {
        TensorInfo tensor = tensors().get(name);
        float[] values = new float[tensor == null ? 0 : Math.toIntExact(tensor.elementCount())];
        readFloats(name, 0, FloatBuffer.wrap(values));
        return values;
    }
}
