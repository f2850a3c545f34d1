// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.torch.FlatBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Consecutive fp32 values, on the host or on a GPU, as collectives work on them. It does not own the memory, which must
 * stay as long as the range is in use.
 */
public final class FlatRange {
    private final ByteBuffer host; // null on a GPU
    private final long address; // on a GPU, else 0
    private final long elements;

    private FlatRange(ByteBuffer host, long address, long elements) {
        this.host = host;
        this.address = address;
        this.elements = elements;
    }

    /** Elements {@code begin} to {@code begin + elements} of a vector; on the host at most 2 GiB. */
    public static FlatRange of(FlatBuffer vector, long begin, long elements) {
        return vector.isOnHost()
                ? of(vector.hostBytes(begin, elements).order(ByteOrder.nativeOrder()))
                : onDevice(vector.deviceAddress() + Float.BYTES * begin, elements);
    }

    public static FlatRange onDevice(long address, long elements) {
        return new FlatRange(null, address, elements);
    }

    /**
     * The values between position and limit of a direct buffer in native byte order.
     *
     * @throws InvalidInputException if the buffer is not such
     */
    public static FlatRange of(ByteBuffer floats) {
        Ranges.direct("reduce", floats);
        if (floats.order() != ByteOrder.nativeOrder()) {
            throw new InvalidInputException("Cannot reduce the buffer: its byte order is " + floats.order()
                    + ". Set it to ByteOrder.nativeOrder() before filling it.");
        }
        if (floats.remaining() % Float.BYTES != 0) {
            throw new InvalidInputException("Cannot reduce the buffer: its " + floats.remaining()
                    + " bytes are not a whole number of fp32 values. Set position and limit to multiples of 4.");
        }
        return new FlatRange(floats.slice().order(ByteOrder.nativeOrder()), 0, floats.remaining() / Float.BYTES);
    }

    /**
     * Where part {@code part} of {@code parts} begins among {@code elements}; it ends where the next one begins. Rank r
     * owns part r of every range that is scattered over the ranks.
     */
    public static long partBegin(long elements, int part, int parts) {
        // Split by hand, so that the product cannot overflow.
        return elements / parts * part + elements % parts * part / parts;
    }

    /** Number of values. */
    public long elements() {
        return elements;
    }

    public boolean isOnHost() {
        return host != null;
    }

    /** The memory, in native order; on the host only. */
    public ByteBuffer host() {
        return host.duplicate().order(ByteOrder.nativeOrder());
    }

    /** The address of element {@code index}, of a GPU's memory. */
    public long address(long index) {
        return address + Float.BYTES * index;
    }
}
