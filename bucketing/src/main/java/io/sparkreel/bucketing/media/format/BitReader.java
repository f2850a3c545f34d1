// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.util.Arrays;

/** Bits of a parameter set of H.264 or HEVC, without its emulation prevention bytes (ITU-T H.264, 7.3.1 and 9.1). */
final class BitReader {

    private final byte[] bytes;
    private int position;

    /** @param nal a NAL unit from its first byte after the header on */
    BitReader(byte[] nal) {
        byte[] raw = new byte[nal.length];
        int length = 0;
        int zeros = 0;
        for (byte next : nal) {
            if (zeros >= 2 && next == 3) {
                zeros = 0;
                continue;
            }
            zeros = next == 0 ? zeros + 1 : 0;
            raw[length++] = next;
        }
        bytes = Arrays.copyOf(raw, length);
    }

    /**
     * The next bits as a number, most significant first.
     *
     * @param count at most 32
     * @throws IndexOutOfBoundsException at the end
     */
    long bits(int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value = value << 1 | (bytes[position >> 3] >> (7 - (position & 7)) & 1);
            position++;
        }
        return value;
    }

    boolean flag() {
        return bits(1) == 1;
    }

    void skip(int count) {
        position += count;
    }

    /** An unsigned Exp-Golomb number. */
    int unsigned() {
        int zeros = 0;
        while (!flag()) {
            if (++zeros > 31) {
                throw new IndexOutOfBoundsException("no Exp-Golomb number");
            }
        }
        return (int) ((1L << zeros) - 1 + bits(zeros));
    }

    /** A signed Exp-Golomb number. */
    int signed() {
        int code = unsigned();
        return (code & 1) == 1 ? (code >>> 1) + 1 : -(code >>> 1);
    }
}
