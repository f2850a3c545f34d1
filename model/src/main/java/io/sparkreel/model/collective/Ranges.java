// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import io.sparkreel.model.InvalidInputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Checks of what callers hand to a collective. */
final class Ranges {

    private Ranges() {}

    /** The fp32 values between position and limit as a buffer of their own. */
    static ByteBuffer floats(ByteBuffer range) {
        ByteBuffer checked = bytes("all-reduce", range);
        if (range.order() != ByteOrder.nativeOrder()) {
            throw new InvalidInputException("Cannot all-reduce the buffer: its byte order is " + range.order()
                    + ". Set it to ByteOrder.nativeOrder() before filling it.");
        }
        if (range.remaining() % Float.BYTES != 0) {
            throw new InvalidInputException("Cannot all-reduce the buffer: its " + range.remaining()
                    + " bytes are not a whole number of fp32 values. Set position and limit to multiples of 4.");
        }
        return checked;
    }

    /** The bytes between position and limit as a buffer of their own, in native order. */
    static ByteBuffer bytes(String verb, ByteBuffer range) {
        if (!range.isDirect() || range.isReadOnly()) {
            throw new InvalidInputException("Cannot " + verb + " the buffer: it is "
                    + (range.isDirect() ? "read-only" : "not direct") + ". Use a writable direct ByteBuffer.");
        }
        return range.slice().order(ByteOrder.nativeOrder());
    }

    static void root(int root, int worldSize) {
        if (root < 0 || root >= worldSize) {
            throw new InvalidInputException("Cannot broadcast from rank " + root + ": the ranks are 0 to "
                    + (worldSize - 1) + ". Name one of them.");
        }
    }
}
