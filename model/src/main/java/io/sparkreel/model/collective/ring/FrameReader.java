// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Receives slices through a socket: those to store go straight to the caller's memory, those to add are added once they
 * are whole and their checksum holds. Packed and encrypted ones take a detour.
 */
final class FrameReader extends SliceReceiver {

    private final FrameCipher cipher; // null without encryption
    private final int sealBytes;
    private final CRC32C checksum = new CRC32C();
    private final ByteBuffer header;
    private final ByteBuffer opened;
    private final ByteBuffer detour;
    private boolean headerChecked;
    private int sent;
    private ByteBuffer payload;

    FrameReader(RingConnection left, long attempt, int sliceBytes) {
        super(left.channel(), attempt);
        this.cipher = left.incoming();
        this.sealBytes = cipher == null ? 0 : FrameCipher.TAG_BYTES;
        this.header = ByteBuffer.allocateDirect(FrameHeader.BYTES + sealBytes);
        this.detour = ByteBuffer.allocateDirect(sliceBytes + sealBytes).order(ByteOrder.nativeOrder());
        this.opened = ByteBuffer.allocateDirect(cipher == null ? 0 : Math.max(sliceBytes, FrameHeader.BYTES))
                .order(ByteOrder.nativeOrder());
    }

    @Override
    void prepare(int length) {
        boolean straight = cipher == null && arrival == Arrival.STORE && operation.wire() == WireType.FP32;
        payload = straight ? target : detour.clear().limit(operation.wire().bytes(length) + sealBytes);
        header.clear();
        headerChecked = false;
        checksum.reset();
    }

    @Override
    long advance() throws IOException {
        long taken = 0;
        if (!headerChecked) {
            taken = read(header);
            if (header.hasRemaining()) {
                return taken;
            }
            checkHeader();
        }
        int from = payload.position();
        taken += read(payload);
        if (cipher == null) {
            // Summed up piece by piece, while the piece is still in the cache.
            checksum.update(payload.slice(from, payload.position() - from));
        }
        if (!payload.hasRemaining()) {
            finish();
        }
        return taken;
    }

    private void checkHeader() throws FrameException {
        ByteBuffer plain = header.flip();
        if (cipher != null) {
            cipher.open(plain, opened.clear(), operation);
            plain = opened.flip();
        }
        FrameHeader.check(plain, expected, operation);
        sent = FrameHeader.checksum(plain);
        headerChecked = true;
    }

    @SuppressWarnings("ReferenceEquality") // the buffer itself, and not its content
    private void finish() throws FrameException {
        ByteBuffer plain = payload.flip();
        if (cipher != null) {
            cipher.open(plain, opened.clear(), operation);
            plain = opened.flip();
        } else if ((int) checksum.getValue() != sent) {
            throw FrameException.damaged(operation);
        }
        if (payload != target) {
            arrival.deliver(operation.wire(), plain, target);
        }
        operation = null;
    }
}
