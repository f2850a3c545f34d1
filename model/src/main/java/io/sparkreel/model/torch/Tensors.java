// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import ai.djl.ndarray.types.DataType;
import java.nio.FloatBuffer;
import java.util.function.Consumer;

/** Makes tensors on one device, in fp32 unless said otherwise. */
public final class Tensors {
    private final String device;

    private Tensors(String device) {
        this.device = device;
    }

    /** Tensors in host memory. */
    public static Tensors onHost() {
        return new Tensors("cpu");
    }

    /** Tensors on the GPU of this index. */
    public static Tensors onGpu(int index) {
        return new Tensors("cuda:" + index);
    }

    /** The device in libtorch's words. */
    public String device() {
        return device;
    }

    /** Whether the tensors are in host memory. */
    public boolean isOnHost() {
        return device.equals("cpu");
    }

    /** The index of the GPU that they are on. */
    public int gpu() {
        if (isOnHost()) {
            throw new IllegalStateException("Cannot name a GPU: these tensors are in host memory");
        }
        return Integer.parseInt(device.substring(device.indexOf(':') + 1));
    }

    /** A tensor of zeros. */
    public Tensor zeros(long... shape) {
        return zeros(Precision.FP32, shape);
    }

    /** A tensor of zeros in a precision; Java reads and writes bf16 only through kernels that convert. */
    public Tensor zeros(Precision precision, long... shape) {
        return Kernels.instance().zeros(shape, precision, device);
    }

    /** A tensor with a copy of these values, in row-major order. */
    public Tensor of(float[] values, long... shape) {
        return of(FloatBuffer.wrap(values), shape);
    }

    /** A tensor with a copy of the remaining values, in row-major order. */
    public Tensor of(FloatBuffer values, long... shape) {
        long count = 1;
        for (long size : shape) {
            count = Math.multiplyExact(count, size);
        }
        if (count != values.remaining()) {
            throw new IllegalArgumentException(
                    "Cannot make a tensor of " + count + " elements from " + values.remaining() + " values");
        }
        Tensor host = TensorScope.adopt(TorchNative.emptyOnHost(shape, DataType.FLOAT32.ordinal()));
        if (count > 0) {
            host.buffer().asFloatBuffer().put(values.duplicate());
        }
        return isOnHost() ? host : Kernels.instance().toDevice(host, device);
    }

    /** A tensor of what is put into its memory, in row-major order and no copy of it; the rest is zero. */
    public Tensor of(Consumer<FloatBuffer> values, long... shape) {
        Tensor host = Kernels.instance().zeros(shape, Precision.FP32, onHost().device);
        values.accept(host.buffer().asFloatBuffer());
        return isOnHost() ? host : Kernels.instance().toDevice(host, device);
    }

    /** A scalar. */
    public Tensor scalar(float value) {
        return of(new float[] {value});
    }
}
