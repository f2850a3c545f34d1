// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A libtorch tensor: a native handle with exactly one owner, the {@link TensorScope} it was made in.
 *
 * <p>Nothing frees a tensor but closing it or its scope; there is no finaliser. Use after close throws.
 */
public final class Tensor implements AutoCloseable {
    private static final AtomicLong LIVE = new AtomicLong();

    private long handle;

    Tensor(long handle) {
        this.handle = handle;
        LIVE.incrementAndGet();
    }

    /** Number of tensors of this process that are not closed. */
    public static long liveCount() {
        return LIVE.get();
    }

    /** The address of the native {@code torch::Tensor}, as libtorch's C interface takes it. */
    public long handle() {
        if (handle == 0) {
            throw new IllegalStateException("Cannot use a tensor: it is closed");
        }
        return handle;
    }

    /** The size of every dimension. */
    public long[] shape() {
        return TorchNative.sizes(handle());
    }

    /** The number of elements. */
    public long elements() {
        long count = 1;
        for (long size : shape()) {
            count = Math.multiplyExact(count, size);
        }
        return count;
    }

    /**
     * The memory of a contiguous tensor that lies on the host, shared and not copied. It is valid until this
     * tensor and everything that shares its storage is closed. At most 2 GiB.
     */
    public ByteBuffer buffer() {
        if (elements() * Float.BYTES > Integer.MAX_VALUE) {
            throw new IllegalStateException("Cannot map a tensor of " + elements() + " elements: a buffer holds 2 GiB");
        }
        return TorchNative.directBuffer(handle()).order(ByteOrder.nativeOrder());
    }

    /** Copies an fp32 tensor, on any device and of any strides, to the host. */
    public float[] floats() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor host = Kernels.instance().toHost(this);
            float[] values = new float[Math.toIntExact(host.elements())];
            if (values.length > 0) {
                host.buffer().asFloatBuffer().get(values);
            }
            return values;
        }
    }

    /** The value of an fp32 tensor of one element. */
    public float item() {
        float[] values = floats();
        if (values.length != 1) {
            throw new IllegalStateException("Cannot read one value of a tensor of shape " + this);
        }
        return values[0];
    }

    @Override
    public void close() {
        if (handle != 0) {
            TorchNative.deleteTensor(handle);
            handle = 0;
            LIVE.decrementAndGet();
        }
    }

    @Override
    public String toString() {
        return handle == 0 ? "Tensor(closed)" : "Tensor" + Arrays.toString(shape());
    }
}
