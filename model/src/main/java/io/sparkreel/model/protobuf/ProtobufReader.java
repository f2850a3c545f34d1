// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.protobuf;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The fields of one message in protocol buffer encoding, one after the other. Nothing is allocated for a length that the
 * message does not have.
 */
public final class ProtobufReader {

    private final ByteBuffer buffer;
    private int field;
    private int wireType;
    private long number;
    private byte[] content;

    /** Reads a message from its beginning. */
    public ProtobufReader(byte[] bytes) {
        buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Moves to the next field; returns false at the end.
     *
     * @throws MalformedException if the bytes are not such a message
     */
    public boolean next() throws MalformedException {
        if (!buffer.hasRemaining()) {
            return false;
        }
        try {
            long tag = varint();
            field = (int) (tag >>> 3);
            wireType = (int) (tag & 7);
            switch (wireType) {
                case ProtobufWriter.VARINT -> number = varint();
                case ProtobufWriter.FIXED_64 -> number = buffer.getLong();
                case ProtobufWriter.FIXED_32 -> number = buffer.getInt();
                case ProtobufWriter.BYTES -> {
                    long length = varint();
                    if (length < 0 || length > buffer.remaining()) {
                        throw new MalformedException("a field of " + length + " bytes reaches beyond its end");
                    }
                    content = new byte[(int) length];
                    buffer.get(content);
                }
                default -> throw new MalformedException("it is no protocol buffer");
            }
            return true;
        } catch (BufferUnderflowException e) {
            throw new MalformedException("it ends within a field");
        }
    }

    private long varint() throws MalformedException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte next = buffer.get();
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new MalformedException("a number has more than 64 bits");
    }

    /** Whether the field has this number and holds bytes, a text or a message. */
    public boolean isMessage(int wanted) {
        return field == wanted && wireType == ProtobufWriter.BYTES;
    }

    /** Whether the field has this number and holds an integer of variable length. */
    public boolean isNumber(int wanted) {
        return field == wanted && wireType == ProtobufWriter.VARINT;
    }

    /** Whether the field has this number and holds four bytes. */
    public boolean isFloat(int wanted) {
        return field == wanted && wireType == ProtobufWriter.FIXED_32;
    }

    /** Content of a field of bytes. */
    public byte[] bytes() {
        return content;
    }

    /** Content of a field of another kind, as bits. */
    public long number() {
        return number;
    }

    /** Why bytes are no message: words that end a sentence about the file. */
    public static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String found) {
            super(found);
        }
    }
}
