// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/** As what values of a sum travel. Every addition is one of fp32. */
public enum WireType {
    /** As they are. */
    FP32 {
        @Override
        int bytes(int floatBytes) {
            return floatBytes;
        }

        @Override
        void pack(ByteBuffer floats, ByteBuffer packed) {
            packed.put(floats);
        }

        @Override
        void unpack(ByteBuffer packed, ByteBuffer floats) {
            floats.put(packed);
        }

        @Override
        void add(ByteBuffer packed, ByteBuffer floats) {
            FloatBuffer into = floats.asFloatBuffer();
            FloatBuffer from = packed.asFloatBuffer();
            // The compiler turns this plain loop into vector instructions, twice as fast as going through arrays.
            for (int index = 0; index < from.limit(); index++) {
                into.put(index, into.get(index) + from.get(index));
            }
        }

        @Override
        void round(ByteBuffer floats) {}
    },

    /** Rounded to the nearest bf16, ties to even: half as many bytes, and sums of 8 bits. */
    BF16 {
        @Override
        int bytes(int floatBytes) {
            return floatBytes / 2;
        }

        @Override
        void pack(ByteBuffer floats, ByteBuffer packed) {
            FloatBuffer from = floats.asFloatBuffer();
            ShortBuffer into = packed.asShortBuffer();
            for (int index = 0; index < from.limit(); index++) {
                into.put(index, (short) (rounded(from.get(index)) >>> 16));
            }
            packed.position(packed.position() + from.limit() * Short.BYTES);
        }

        @Override
        void unpack(ByteBuffer packed, ByteBuffer floats) {
            ShortBuffer from = packed.asShortBuffer();
            FloatBuffer into = floats.asFloatBuffer();
            for (int index = 0; index < from.limit(); index++) {
                into.put(index, Float.intBitsToFloat(from.get(index) << 16));
            }
        }

        @Override
        void add(ByteBuffer packed, ByteBuffer floats) {
            ShortBuffer from = packed.asShortBuffer();
            FloatBuffer into = floats.asFloatBuffer();
            for (int index = 0; index < from.limit(); index++) {
                into.put(index, into.get(index) + Float.intBitsToFloat(from.get(index) << 16));
            }
        }

        @Override
        void round(ByteBuffer floats) {
            FloatBuffer values = floats.asFloatBuffer();
            for (int index = 0; index < values.limit(); index++) {
                values.put(index, Float.intBitsToFloat(rounded(values.get(index)) & 0xffff0000));
            }
        }

        /** The bits, of which the upper half is the rounded value. */
        private static int rounded(float value) {
            int bits = Float.floatToRawIntBits(value);
            // Rounding up could carry the mantissa of a NaN into its exponent and sign.
            return Float.isNaN(value) ? bits | 0x400000 : bits + 0x7fff + (bits >>> 16 & 1);
        }
    };

    /** How many bytes {@code floatBytes} bytes of fp32 become. */
    abstract int bytes(int floatBytes);

    /** Writes all of {@code floats} to {@code packed} at its position, and moves that. */
    abstract void pack(ByteBuffer floats, ByteBuffer packed);

    /** The reverse of {@link #pack}: all of {@code packed} over the beginning of {@code floats}. */
    abstract void unpack(ByteBuffer packed, ByteBuffer floats);

    /** {@code floats += packed} */
    abstract void add(ByteBuffer packed, ByteBuffer floats);

    /** Makes each value what the other ranks will receive of it. */
    abstract void round(ByteBuffer floats);
}
