// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import io.sparkreel.model.InvalidInputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Checks of what callers hand to a collective. */
public final class Ranges {

    private Ranges() {}

    public static void direct(String verb, ByteBuffer range) {
        if (!range.isDirect() || range.isReadOnly()) {
            throw new InvalidInputException("Cannot " + verb + " the buffer: it is "
                    + (range.isDirect() ? "read-only" : "not direct") + ". Use a writable direct ByteBuffer.");
        }
    }

    /** The bytes between position and limit as a buffer of their own, in native order. */
    public static ByteBuffer bytes(ByteBuffer range) {
        direct("broadcast", range);
        return range.slice().order(ByteOrder.nativeOrder());
    }

    /** The memory of a range that must lie on the host. */
    public static ByteBuffer host(FlatRange range) {
        if (!range.isOnHost()) {
            throw new InvalidInputException(
                    "Cannot reduce memory of a GPU through sockets. Use the transport nccl, or" + " train on the CPU.");
        }
        return range.host();
    }

    public static void root(int root, int worldSize) {
        if (root < 0 || root >= worldSize) {
            throw new InvalidInputException("Cannot broadcast from rank " + root + ": the ranks are 0 to "
                    + (worldSize - 1) + ". Name one of them.");
        }
    }
}
