// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Receives the slices that are due from the left neighbour, one at a time, without blocking. */
interface SliceReceiver {

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

    /** Whether a slice is due and has not arrived whole. */
    boolean isBusy();

    /** Slice {@code index} of a stream's part in an operation is due. */
    void start(Operation operation, int index, int offset, int length, Arrival arrival);

    /** Takes what has arrived and returns how many bytes that was. */
    long advance() throws IOException;
}
