// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The other end of a {@link SharedSender}: adds slices straight from shared memory to the caller's. */
final class SharedReceiver extends SliceReceiver {

    private final SocketChannel channel;
    private final SharedSegment segment;
    private final int stream;
    private final ByteBuffer header = ByteBuffer.allocateDirect(FrameHeader.BYTES);
    private final ByteBuffer bell = ByteBuffer.allocateDirect(1);
    private long emptied;

    SharedReceiver(SocketChannel channel, long attempt, SharedSegment segment, int stream) {
        super(channel, attempt);
        this.channel = channel;
        this.segment = segment;
        this.stream = stream;
    }

    @Override
    void prepare(int length) {
        header.clear();
    }

    @Override
    long advance() throws IOException {
        int count = read(header);
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
