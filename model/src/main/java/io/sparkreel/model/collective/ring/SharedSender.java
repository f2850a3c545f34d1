// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Sends the payload of slices through shared memory, and their heads, which tell the neighbour to look, through the
 * socket.
 */
final class SharedSender implements SliceSender {

    /** Payload of up to this many bytes goes through the socket: that is cheaper. */
    static final int SMALLEST = 4096;

    private final SocketChannel channel;
    private final long attempt;
    private final SharedSegment segment;
    private final int stream;
    private final ByteBuffer header = ByteBuffer.allocateDirect(FrameHeader.BYTES);
    private final ByteBuffer bells = ByteBuffer.allocateDirect(64);
    private long filled;
    private int payload;
    private boolean busy;

    SharedSender(SocketChannel channel, long attempt, SharedSegment segment, int stream) {
        this.channel = channel;
        this.attempt = attempt;
        this.segment = segment;
        this.stream = stream;
    }

    /** Whether a slice can be started. */
    boolean hasSlot() {
        return filled - segment.consumed(stream) < segment.slots();
    }

    /** Asks the neighbour to ring once a slot is free; returns false if one is free by now. */
    boolean awaitSlot() {
        segment.askForSlot(stream);
        return !hasSlot();
    }

    /** Forgets that the neighbour rang. */
    void heardBell() throws IOException {
        if (channel.read(bells.clear()) < 0) {
            throw new EOFException("end of stream");
        }
    }

    @Override
    public boolean isBusy() {
        return busy;
    }

    @Override
    public void start(Operation operation, int index, int offset, int length) {
        ByteBuffer slot = segment.slot(stream, filled++);
        operation.wire().pack(operation.slice(offset, length), slot);
        payload = operation.wire().bytes(length);
        VarHandle.releaseFence();
        FrameHeader.put(header, attempt, operation, index, offset, length);
        header.putInt(0).flip();
        busy = true;
    }

    @Override
    public long advance() throws IOException {
        long written = channel.write(header);
        if (header.hasRemaining()) {
            return written;
        }
        busy = false;
        return written + payload;
    }
}
