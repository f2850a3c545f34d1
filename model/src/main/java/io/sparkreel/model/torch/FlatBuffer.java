// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** One long-lived vector on a device, read and written in fp32 and viewed by ranges of elements. */
public final class FlatBuffer implements AutoCloseable {
    /** Elements moved between host and device at a time. */
    private static final long CHUNK = 1L << 20;

    private final TensorScope owner = TensorScope.longLived();
    private final Tensors tensors;
    private final Tensor flat;
    private final long elements;

    /** An fp32 vector of zeros. */
    public FlatBuffer(Tensors tensors, long elements) {
        this(tensors, Precision.FP32, elements);
    }

    /** A vector of zeros; values are rounded to its precision as they are written. */
    public FlatBuffer(Tensors tensors, Precision precision, long elements) {
        this.tensors = tensors;
        this.elements = elements;
        try (TensorScope scope = TensorScope.open()) {
            flat = owner.own(tensors.zeros(precision, elements));
        }
    }

    /** The whole vector. */
    public Tensor tensor() {
        return flat;
    }

    /** The number of elements. */
    public long elements() {
        return elements;
    }

    /** A view of the elements from {@code begin}, that lives as long as this buffer. */
    public Tensor view(long begin, long... shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        try (TensorScope scope = TensorScope.open()) {
            return owner.own(Kernels.instance().sliceFlat(flat, begin, count, shape));
        }
    }

    /** Whether {@link #hostBytes} can be used. */
    public boolean isOnHost() {
        return tensors.isOnHost();
    }

    /** The memory of a range, shared and not copied; only on the host, at most 2 GiB. */
    public ByteBuffer hostBytes(long begin, long count) {
        if (!tensors.isOnHost()) {
            throw new IllegalStateException("Cannot map memory of " + tensors.device() + " on the host");
        }
        try (TensorScope scope = TensorScope.open()) {
            return Kernels.instance().sliceFlat(flat, begin, count, count).buffer();
        }
    }

    /** The address of the first element. On a GPU it must not be read from Java. */
    public long deviceAddress() {
        return TorchAbi.dataPointer(flat.handle());
    }

    /** Sets every element to zero. */
    public void clear() {
        Kernels.instance().fill(flat, 0);
    }

    /**
     * As {@link #clear}. On the host the memory goes back to the operating system, and is taken again page by page as
     * it is written, which costs more than to clear it.
     */
    public void clearAndGiveBack() {
        if (!isOnHost()) {
            clear();
            return;
        }
        long address = deviceAddress();
        long end = address + elements * Float.BYTES;
        long[] givenBack = HostMemory.giveBack(address, end);
        clear(0, (givenBack[0] - address) / Float.BYTES);
        clear((givenBack[1] - address) / Float.BYTES, elements);
    }

    private void clear(long begin, long end) {
        if (begin < end) {
            try (TensorScope scope = TensorScope.open()) {
                Kernels.instance().fill(Kernels.instance().sliceFlat(flat, begin, end - begin, end - begin), 0);
            }
        }
    }

    /** Copies elements from {@code begin} on until {@code target} is full. */
    public void read(long begin, FloatBuffer target) {
        for (long at = begin; target.hasRemaining(); ) {
            long count = Math.min(CHUNK, target.remaining());
            try (TensorScope scope = TensorScope.open()) {
                Tensor host = Kernels.instance().toHost(Kernels.instance().sliceFlat(flat, at, count, count));
                target.put(host.buffer().asFloatBuffer());
            }
            at += count;
        }
    }

    /** Copies all of {@code source} over the elements from {@code begin} on. */
    public void write(long begin, FloatBuffer source) {
        for (long at = begin; source.hasRemaining(); ) {
            int count = (int) Math.min(CHUNK, source.remaining());
            try (TensorScope scope = TensorScope.open()) {
                Tensor values = tensors.of(source.slice().limit(count), count);
                Kernels.instance().copyInto(Kernels.instance().sliceFlat(flat, at, count, count), values);
            }
            source.position(source.position() + count);
            at += count;
        }
    }

    @Override
    public void close() {
        owner.close();
    }
}
