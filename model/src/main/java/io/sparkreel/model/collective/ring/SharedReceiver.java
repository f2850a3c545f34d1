// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The other end of a {@link SharedSender}: adds slices straight from shared memory to the caller's. */
final class SharedReceiver implements SliceReceiver {

    private final SocketChannel channel;
    private final long attempt;
    private final SharedSegment segment;
    private final int stream;
    private final ByteBuffer header = ByteBuffer.allocateDirect(FrameHeader.BYTES);
    private final ByteBuffer expected = ByteBuffer.allocateDirect(FrameHeader.BYTES);
    private final ByteBuffer bell = ByteBuffer.allocateDirect(1);
    private long emptied;
    private Operation operation;
    private Arrival arrival;
    private ByteBuffer target;

    SharedReceiver(SocketChannel channel, long attempt, SharedSegment segment, int stream) {
        this.channel = channel;
        this.attempt = attempt;
        this.segment = segment;
        this.stream = stream;
    }

    @Override
    public boolean isBusy() {
        return operation != null;
    }

    @Override
    public void start(Operation of, int index, int offset, int length, Arrival becomes) {
        operation = of;
        arrival = becomes;
        target = of.slice(offset, length);
        FrameHeader.put(expected, attempt, of, index, offset, length);
        header.clear();
    }

    @Override
    public long advance() throws IOException {
        int count = channel.read(header);
        if (count < 0) {
            throw new EOFException("end of stream");
        }
        if (header.hasRemaining()) {
            return count;
        }
        FrameHeader.check(header.flip(), expected, operation);
        if (FrameHeader.checksum(header) != 0) {
            throw FrameException.damaged(operation);
        }
        VarHandle.acquireFence();
        int payload = operation.wire().bytes(target.remaining());
        arrival.deliver(
                operation.wire(),
                segment.slot(stream, emptied++).limit(payload),
                target.duplicate().order(target.order()));
        segment.consume(stream, emptied);
        if (segment.takeQuestion(stream)) {
            ring();
        }
        operation = null;
        return (long) count + payload;
    }

    private void ring() {
        try {
            channel.write(bell.clear());
        } catch (IOException gone) {
            // That the neighbour has gone shows where it is missed: when more is due from it.
        }
    }
}
