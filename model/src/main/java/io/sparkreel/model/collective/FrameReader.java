// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.zip.CRC32C;

/**
 * Receives the slices that are due from the left neighbour, on a channel that does not block: slices to store go
 * straight to the caller's memory, slices to add are added to it once they are whole and their checksum holds.
 */
final class FrameReader {

    private final SocketChannel channel;
    private final long attempt;
    private final CRC32C checksum = new CRC32C();
    private final ByteBuffer header = ByteBuffer.allocateDirect(FrameHeader.BYTES);
    private final ByteBuffer expected = ByteBuffer.allocateDirect(FrameHeader.BYTES);
    private final ByteBuffer addends;
    private Operation operation;
    private ByteBuffer target;
    private ByteBuffer payload;

    FrameReader(SocketChannel channel, long attempt, int sliceBytes) {
        this.channel = channel;
        this.attempt = attempt;
        this.addends = ByteBuffer.allocateDirect(sliceBytes).order(ByteOrder.nativeOrder());
    }

    boolean isBusy() {
        return operation != null;
    }

    void start(Operation of, int index, int offset, int length, boolean add) {
        operation = of;
        target = of.slice(offset, length);
        payload = add ? addends.clear().limit(length) : target;
        FrameHeader.put(expected, attempt, of, index, offset, length);
        header.clear();
        checksum.reset();
    }

    /** Takes what has arrived and returns how many bytes that was. */
    long advance() throws IOException {
        long taken = 0;
        if (header.hasRemaining()) {
            taken = read(header);
            if (header.hasRemaining()) {
                return taken;
            }
            FrameHeader.check(header, expected, operation);
            // Full again, so that the next call goes on with the payload.
            header.position(header.limit());
        }
        int from = payload.position();
        taken += read(payload);
        // Summed up piece by piece, while the piece is still in the cache.
        checksum.update(payload.slice(from, payload.position() - from));
        if (!payload.hasRemaining()) {
            finish();
        }
        return taken;
    }

    private int read(ByteBuffer into) throws IOException {
        int count = channel.read(into);
        if (count < 0) {
            throw new EOFException("end of stream");
        }
        return count;
    }

    private void finish() throws FrameException {
        payload.flip();
        if ((int) checksum.getValue() != FrameHeader.checksum(header)) {
            throw new FrameException("sent data of " + operation + " that arrived damaged (its checksum differs)");
        }
        if (payload != target) {
            FloatSum.add(target, addends.slice(0, payload.limit()).order(ByteOrder.nativeOrder()));
        }
        operation = null;
    }
}
