// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Receives the slices that are due from the left neighbour, one at a time, without blocking. */
abstract class SliceReceiver {

    /** What becomes of a slice that has arrived. */
    enum Arrival {
        /** It replaces what is there. */
        STORE {
            @Override
            void deliver(WireType wire, ByteBuffer packed, ByteBuffer target) {
                wire.unpack(packed, target);
            }
        },
        /** It is added to what is there. */
        ADD {
            @Override
            void deliver(WireType wire, ByteBuffer packed, ByteBuffer target) {
                wire.add(packed, target);
            }
        },
        /** It is added to what is there, and that completes the sum. */
        COMPLETE {
            @Override
            void deliver(WireType wire, ByteBuffer packed, ByteBuffer target) {
                wire.add(packed, target);
                wire.round(target);
            }
        };

        /** @param packed in native order, from position to limit */
        abstract void deliver(WireType wire, ByteBuffer packed, ByteBuffer target);
    }

    private final SocketChannel channel;
    private final long attempt;
    /** The head of the slice that is due, but for its checksum. */
    final ByteBuffer expected = ByteBuffer.allocateDirect(FrameHeader.BYTES);
    /** Where the slice that is due goes. */
    ByteBuffer target;

    Arrival arrival;
    /** The operation of the slice that is due; null if none is. */
    Operation operation;

    SliceReceiver(SocketChannel channel, long attempt) {
        this.channel = channel;
        this.attempt = attempt;
    }

    /** Whether a slice is due and has not arrived whole. */
    final boolean isBusy() {
        return operation != null;
    }

    /** Slice {@code index} of a stream's part in an operation is due. */
    final void start(Operation of, int index, int offset, int length, Arrival becomes) {
        operation = of;
        arrival = becomes;
        target = of.slice(offset, length);
        FrameHeader.put(expected, attempt, of, index, offset, length);
        prepare(length);
    }

    /** A slice of {@code length} bytes is due: makes room for it and its head. */
    abstract void prepare(int length);

    /** Takes what has arrived and returns how many bytes that was. Sets {@link #operation} to null after the last. */
    abstract long advance() throws IOException;

    /** Reads what the socket has, and refuses its end. */
    final int read(ByteBuffer into) throws IOException {
        int count = channel.read(into);
        if (count < 0) {
            throw new EOFException("end of stream");
        }
        return count;
    }
}
