// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Network abstraction layer units of H.264 and HEVC: with start codes (annex B of both standards), or as MP4 and
 * Matroska keep them, behind their lengths (ISO/IEC 14496-15).
 */
public final class NalUnits {

    private static final int HEVC_HEADER = 22;
    private static final int SLICE_TYPE_WITHIN = 16;

    private NalUnits() {}

    /** Parameter sets of avcC, or of bytes with start codes. */
    static List<byte[]> ofAvcHeader(byte[] header) {
        if (header.length < 7 || header[0] != 1) {
            return withStartCodes(header);
        }
        List<byte[]> units = new ArrayList<>();
        read(header, 6, header[5] & 31, units);
        return units;
    }

    /** Parameter sets of hvcC, or of bytes with start codes. */
    static List<byte[]> ofHevcHeader(byte[] header) {
        if (header.length <= HEVC_HEADER || header[0] != 1) {
            return withStartCodes(header);
        }
        List<byte[]> units = new ArrayList<>();
        int at = HEVC_HEADER + 1;
        for (int arrays = header[HEVC_HEADER] & 0xff; arrays > 0 && at >= 0 && at + 3 <= header.length; arrays--) {
            at = read(header, at + 3, (header[at + 1] & 0xff) << 8 | (header[at + 2] & 0xff), units);
        }
        return units;
    }

    /** Reads units behind lengths of two bytes; returns where they end, -1 where the bytes do. */
    private static int read(byte[] bytes, int from, int count, List<byte[]> units) {
        int at = from;
        for (int i = 0; i < count; i++) {
            if (at + 2 > bytes.length) {
                return -1;
            }
            int length = (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
            at += 2;
            if (at + length > bytes.length) {
                return -1;
            }
            units.add(Arrays.copyOfRange(bytes, at, at + length));
            at += length;
        }
        return at;
    }

    /**
     * Units of a packet, of which the last may be cut short.
     *
     * @param lengthBytes of the length before each unit; 0: start codes
     */
    public static List<byte[]> ofPacket(byte[] packet, int lengthBytes) {
        if (lengthBytes == 0) {
            return withStartCodes(packet);
        }
        List<byte[]> units = new ArrayList<>();
        int at = 0;
        while (at + lengthBytes < packet.length) {
            long length = length(packet, at, lengthBytes);
            at += lengthBytes;
            units.add(Arrays.copyOfRange(packet, at, (int) Math.min(packet.length, at + length)));
            at = (int) Math.min(packet.length, at + length);
        }
        return units;
    }

    private static long length(byte[] packet, int at, int lengthBytes) {
        long length = 0;
        for (int i = 0; i < lengthBytes; i++) {
            length = length << 8 | (packet[at + i] & 0xff);
        }
        return length;
    }

    /**
     * Whether the first unit is longer than its packet.
     *
     * @param head the beginning of the packet
     * @param size bytes of the packet
     */
    public static boolean beginsBroken(byte[] head, int lengthBytes, long size) {
        return lengthBytes > 0 && head.length >= lengthBytes && length(head, 0, lengthBytes) > size - lengthBytes;
    }

    /** How many bytes the length before each unit of a packet has, by the header of its stream; 0: start codes. */
    public static int lengthBytes(byte[] header, boolean hevc) {
        int at = hevc ? HEVC_HEADER - 1 : 4;
        return header.length <= at || header[0] != 1 ? 0 : (header[at] & 3) + 1;
    }

    /** Whether a slice of H.264 refers to no other picture (ITU-T H.264, 7.3.3 and table 7-6). */
    public static boolean isIntra(byte[] slice) {
        try {
            BitReader header = new BitReader(Arrays.copyOfRange(slice, 1, Math.min(slice.length, SLICE_TYPE_WITHIN)));
            header.unsigned(); // number of the first macroblock
            return header.unsigned() % 5 == 2;
        } catch (IndexOutOfBoundsException damage) {
            return false;
        }
    }

    private static List<byte[]> withStartCodes(byte[] bytes) {
        List<byte[]> units = new ArrayList<>();
        int begin = -1;
        for (int at = 0; at + 3 <= bytes.length; at++) {
            if (bytes[at] == 0 && bytes[at + 1] == 0 && bytes[at + 2] == 1) {
                if (begin >= 0) {
                    units.add(Arrays.copyOfRange(bytes, begin, at));
                }
                begin = at + 3;
                at += 2;
            }
        }
        if (begin >= 0) {
            units.add(Arrays.copyOfRange(bytes, begin, bytes.length));
        }
        return units;
    }
}
