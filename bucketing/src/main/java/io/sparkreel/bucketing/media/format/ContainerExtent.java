// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/**
 * How far a file says it reaches, from the sizes that its outermost boxes carry. Knows MP4/MOV
 * boxes (ISO/IEC 14496-12, 4.2) and the segment of Matroska and WebM (RFC 8794, RFC 9559).
 *
 * @param declaredLength bytes the file should have at least, 0 where it does not say
 * @param actualLength bytes it has
 * @param fragmented whether MP4 movie fragments were met
 * @param inMediaData whether it is MP4 media data, of which tables say where each sample lies, that ends last
 */
public record ContainerExtent(long declaredLength, long actualLength, boolean fragmented, boolean inMediaData) {

    private static final int MAX_BOXES = 100_000;
    private static final String FRAGMENT_BOX = "moof";

    /** QuickTime files older than the ftyp box begin with one of the others. */
    private static final Set<String> FIRST_BOXES = Set.of("ftyp", "moov", "mdat", "wide", "free");

    private static final int EBML_HEADER = 0x1a45dfa3;
    private static final int MATROSKA_SEGMENT = 0x18538067;

    /** Reads the headers of the outermost boxes. */
    public static ContainerExtent read(SeekableBytes source) throws IOException {
        byte[] head = bytes(source, 0, 16);
        if (head.length == 16 && integer(head, 0) == EBML_HEADER) {
            return readMatroska(source);
        }
        if (head.length == 16 && FIRST_BOXES.contains(type(head))) {
            return readBoxes(source);
        }
        return unknown(source.length(), false);
    }

    private static ContainerExtent unknown(long actualLength, boolean fragmented) {
        return new ContainerExtent(0, actualLength, fragmented, false);
    }

    /** Whether the file should be longer than it is. */
    public boolean endsBeyondFile() {
        return declaredLength > actualLength;
    }

    /** The two lengths, for people. */
    public String describe() {
        return String.format(
                Locale.ROOT, "the container names %d bytes, the file has %d", declaredLength, actualLength);
    }

    private static ContainerExtent readBoxes(SeekableBytes source) throws IOException {
        long length = source.length();
        long position = 0;
        boolean fragmented = false;
        String last = "";
        for (int box = 0; box < MAX_BOXES && position + 8 <= length; box++) {
            byte[] head = bytes(source, position, 16);
            if (head.length < 8) {
                break;
            }
            last = type(head);
            fragmented |= type(head).equals(FRAGMENT_BOX);
            long size = Integer.toUnsignedLong(integer(head, 0));
            if (size == 0) {
                position = length; // the box reaches to the end of the file, wherever that is
            } else if (size == 1 && head.length == 16) {
                size = (long) integer(head, 8) << 32 | Integer.toUnsignedLong(integer(head, 12));
            }
            if (position == length) {
                break;
            }
            if (size < 8 || position + size < 0) {
                return unknown(length, fragmented); // not a box: nothing can be said
            }
            position += size;
        }
        return new ContainerExtent(position, length, fragmented, last.equals("mdat"));
    }

    private static ContainerExtent readMatroska(SeekableBytes source) throws IOException {
        long length = source.length();
        long position = 4;
        byte[] head = bytes(source, position, 8);
        int sizeBytes = vintLength(head);
        long headerSize = vint(head, 0, sizeBytes);
        position += sizeBytes + headerSize;
        if (sizeBytes == 0 || headerSize < 0 || position >= length) {
            return unknown(length, false);
        }
        byte[] segment = bytes(source, position, 12);
        if (segment.length < 12 || integer(segment, 0) != MATROSKA_SEGMENT) {
            return unknown(length, false);
        }
        byte[] size = Arrays.copyOfRange(segment, 4, 12);
        int segmentSizeBytes = vintLength(size);
        long segmentSize = vint(size, 0, segmentSizeBytes);
        boolean known = segmentSizeBytes > 0 && segmentSize >= 0;
        long declared = known ? position + 4 + segmentSizeBytes + segmentSize : 0;
        return new ContainerExtent(Math.max(declared, 0), length, false, false);
    }

    /** Bytes of a variable-length integer, told by the leading zeros of its first byte. */
    private static int vintLength(byte[] bytes) {
        return bytes.length < 8 || bytes[0] == 0 ? 0 : Integer.numberOfLeadingZeros(bytes[0] & 0xff) - 23;
    }

    /** A variable-length integer, -1 when all its bits are set, which means an unknown size. */
    private static long vint(byte[] bytes, int offset, int length) {
        if (length == 0) {
            return -1;
        }
        long mask = (1L << (7 * length)) - 1;
        long value = 0;
        for (int i = 0; i < length; i++) {
            value = value << 8 | (bytes[offset + i] & 0xff);
        }
        return (value & mask) == mask ? -1 : value & mask;
    }

    /** The four letters that name a box. */
    private static String type(byte[] head) {
        return new String(head, 4, 4, StandardCharsets.ISO_8859_1);
    }

    private static int integer(byte[] bytes, int offset) {
        return (bytes[offset] & 0xff) << 24
                | (bytes[offset + 1] & 0xff) << 16
                | (bytes[offset + 2] & 0xff) << 8
                | (bytes[offset + 3] & 0xff);
    }

    /** Up to {@code count} bytes; fewer at the end of the file. */
    private static byte[] bytes(SeekableBytes source, long position, int count) throws IOException {
        byte[] bytes = new byte[count];
        int filled = 0;
        while (filled < count) {
            int read = source.read(position + filled, bytes, filled, count - filled);
            if (read < 0) {
                return Arrays.copyOf(bytes, filled);
            }
            filled += read;
        }
        return bytes;
    }
}
