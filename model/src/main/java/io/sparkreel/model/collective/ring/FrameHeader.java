// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.nio.ByteBuffer;

/**
 * The head of a slice on the wire, big-endian: magic, kind and root of the operation, attempt, operation number and
 * bytes, number of the slice on its stream, its offset and length, and the CRC-32C of its payload. A receiver knows all
 * but the last beforehand, so whatever differs is an error.
 */
final class FrameHeader {

    static final int BYTES = 52;

    private static final int MAGIC = 0x53524631;
    private static final int PREDICTABLE_BYTES = BYTES - Integer.BYTES;

    private FrameHeader() {}

    /** Writes everything but the checksum, and leaves the position before that. */
    static void put(ByteBuffer header, long attempt, Operation operation, int index, int offset, int length) {
        header.clear();
        header.putInt(MAGIC).putInt(operation.kind().ordinal()).putInt(operation.root());
        header.putLong(attempt).putLong(operation.number()).putLong(operation.totalBytes());
        header.putInt(index).putInt(offset).putInt(length);
    }

    /** Throws if {@code found}, from 0 to its limit, is not what {@link #put} wrote to {@code expected}. */
    static void check(ByteBuffer found, ByteBuffer expected, Operation operation) throws FrameException {
        ByteBuffer known = found.slice(0, PREDICTABLE_BYTES);
        if (known.mismatch(expected.slice(0, PREDICTABLE_BYTES)) < 0) {
            return;
        }
        throw new FrameException(difference(known, expected, operation));
    }

    static int checksum(ByteBuffer header) {
        return header.getInt(PREDICTABLE_BYTES);
    }

    private static String difference(ByteBuffer found, ByteBuffer expected, Operation operation) {
        if (found.getInt(0) != MAGIC) {
            return "sent bytes that are no frame where one was due in " + operation;
        }
        if (found.getLong(12) != expected.getLong(12)) {
            return "sent a frame of another attempt in " + operation;
        }
        int kind = found.getInt(4);
        if (kind >= 0 && kind < Operation.Kind.values().length && found.mismatch(expected) < 36) {
            return "sent a frame of "
                    + Operation.describe(
                            Operation.Kind.values()[kind], found.getLong(20), found.getLong(28), found.getInt(8))
                    + " where one of " + operation + " was due (every rank must"
                    + " call the same operations in the same order)";
        }
        return "sent slice " + found.getInt(36) + " (" + found.getInt(44) + " bytes at " + found.getInt(40) + ") where "
                + expected.getInt(36) + " (" + expected.getInt(44) + " bytes at " + expected.getInt(40) + ") of "
                + operation + " was due";
    }
}
