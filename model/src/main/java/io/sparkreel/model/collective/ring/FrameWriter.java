// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.zip.CRC32C;

/**
 * Sends slices through a socket: straight from the caller's memory under a checksum, unless values are packed or
 * encrypted on the way.
 */
final class FrameWriter implements SliceSender {

    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    private final SocketChannel channel;
    private final FrameCipher cipher; // null without encryption
    private final long attempt;
    private final CRC32C checksum = new CRC32C();
    private final ByteBuffer header = ByteBuffer.allocateDirect(FrameHeader.BYTES);
    private final ByteBuffer packed;
    private final ByteBuffer sealed;
    private final ByteBuffer[] frame = new ByteBuffer[2];
    private boolean busy;

    FrameWriter(RingConnection right, long attempt, RingOptions options) {
        this.channel = right.channel();
        this.cipher = right.outgoing();
        this.attempt = attempt;
        this.packed = ByteBuffer.allocateDirect(options.wire() == WireType.FP32 ? 0 : options.sliceBytes())
                .order(ByteOrder.nativeOrder());
        this.sealed = ByteBuffer.allocateDirect(
                cipher == null ? 0 : FrameHeader.BYTES + options.sliceBytes() + 2 * FrameCipher.TAG_BYTES);
    }

    @Override
    public boolean isBusy() {
        return busy;
    }

    @Override
    public void start(Operation operation, int index, int offset, int length) {
        ByteBuffer payload = operation.slice(offset, length);
        if (operation.wire() != WireType.FP32) {
            operation.wire().pack(payload, packed.clear());
            payload = packed.flip();
        }
        FrameHeader.put(header, attempt, operation, index, offset, length);
        if (cipher == null) {
            checksum.reset();
            checksum.update(payload.duplicate());
            header.putInt((int) checksum.getValue()).flip();
            frame[0] = header;
            frame[1] = payload;
        } else {
            header.putInt(0).flip();
            cipher.seal(header, sealed.clear());
            cipher.seal(payload, sealed);
            frame[0] = sealed.flip();
            frame[1] = NOTHING;
        }
        busy = true;
    }

    @Override
    public long advance() throws IOException {
        long written = channel.write(frame);
        if (!frame[1].hasRemaining() && !frame[0].hasRemaining()) {
            busy = false;
            frame[1] = null;
        }
        return written;
    }
}
