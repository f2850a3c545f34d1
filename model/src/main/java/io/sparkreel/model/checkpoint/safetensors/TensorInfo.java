// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import java.util.Arrays;
import java.util.Objects;

/**
 * What a safetensors file says about one tensor.
 *
 * @param name the tensor's name, unique in its file
 * @param shape its dimensions, none for a scalar
 * @param begin first byte of its data, counted from the end of the header
 * @param end byte after its last
 */
public record TensorInfo(String name, DataType dataType, long[] shape, long begin, long end) {
    public TensorInfo {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(dataType, "dataType");
        shape = shape.clone();
    }

    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** Bytes of its data. */
    public long byteLength() {
        return end - begin;
    }

    /** Number of its elements. */
    public long elementCount() {
        return byteLength() / dataType.bytes();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TensorInfo that
                && name.equals(that.name)
                && dataType == that.dataType
                && Arrays.equals(shape, that.shape)
                && begin == that.begin
                && end == that.end;
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, dataType, Arrays.hashCode(shape), begin, end);
    }

    @Override
    public String toString() {
        return name + " " + dataType + " " + Arrays.toString(shape) + " [" + begin + ", " + end + ")";
    }

    /**
     * The bytes a dense tensor takes.
     *
     * @throws ArithmeticException if a dimension is negative or the result does not fit a long
     */
    public static long byteLength(DataType dataType, long[] shape) {
        long elements = 1;
        boolean empty = false;
        for (long dimension : shape) {
            if (dimension < 0) {
                throw new ArithmeticException("negative dimension " + dimension);
            }
            empty |= dimension == 0;
        }
        for (int i = 0; i < shape.length && !empty; i++) {
            elements = Math.multiplyExact(elements, shape[i]);
        }
        return empty ? 0 : Math.multiplyExact(elements, dataType.bytes());
    }
}
