// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.protobuf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes a message in protocol buffer encoding, field by field. */
public final class ProtobufWriter {
    static final int VARINT = 0;
    static final int FIXED_64 = 1;
    static final int BYTES = 2;
    static final int FIXED_32 = 5;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** Adds an integer of variable length. */
    public void varint(int field, long value) {
        raw((long) field << 3 | VARINT);
        raw(value);
    }

    /** Adds eight bytes, such as those of a double. */
    public void fixed64(int field, long value) {
        raw((long) field << 3 | FIXED_64);
        bytes.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
    }

    /** Adds four bytes, such as those of a float. */
    public void fixed32(int field, int value) {
        raw((long) field << 3 | FIXED_32);
        bytes.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    /** Adds bytes, a text or a message. */
    public void bytes(int field, byte[] value) {
        raw((long) field << 3 | BYTES);
        raw(value.length);
        bytes.writeBytes(value);
    }

    /** The message so far. */
    public byte[] toByteArray() {
        return bytes.toByteArray();
    }

    /** Seven bits a byte, the lowest first. */
    private void raw(long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            bytes.write((int) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        bytes.write((int) rest);
    }
}
