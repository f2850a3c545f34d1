// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.zip.CRC32C;

/** Sends slices to the right neighbour straight from the caller's memory, on a channel that does not block. */
final class FrameWriter {

    private final SocketChannel channel;
    private final long attempt;
    private final CRC32C checksum = new CRC32C();
    private final ByteBuffer header = ByteBuffer.allocateDirect(FrameHeader.BYTES);
    private final ByteBuffer[] frame = new ByteBuffer[2];
    private boolean busy;

    FrameWriter(SocketChannel channel, long attempt) {
        this.channel = channel;
        this.attempt = attempt;
        frame[0] = header;
    }

    boolean isBusy() {
        return busy;
    }

    void start(Operation operation, int index, int offset, int length) {
        ByteBuffer payload = operation.slice(offset, length);
        checksum.reset();
        checksum.update(payload);
        FrameHeader.put(header, attempt, operation, index, offset, length);
        header.putInt((int) checksum.getValue()).flip();
        frame[1] = payload.flip();
        busy = true;
    }

    /** Sends what the socket takes now and returns how many bytes that was. */
    long advance() throws IOException {
        long written = channel.write(frame);
        if (!frame[1].hasRemaining() && !header.hasRemaining()) {
            busy = false;
            frame[1] = null;
        }
        return written;
    }
}
