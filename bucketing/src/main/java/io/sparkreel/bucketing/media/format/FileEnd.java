// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;
import java.util.Locale;

/**
 * Whether a file is cut short, by what its container says of its own end. Demuxers take the end of the bytes for the
 * end of the film, so that a part of a file often reads like a whole one.
 */
public final class FileEnd {

    private static final int OGG_PAGE_HEADER = 27;
    private static final int OGG_LARGEST_PAGE = OGG_PAGE_HEADER + 255 + 255 * 255;
    private static final int OGG_LAST_PAGE_FLAG = 4;

    static final int[] TRANSPORT_PACKETS = {188, 192, 204};
    private static final int TRANSPORT_SYNC = 0x47;
    private static final int PACKETS_LOOKED_AT = 5;

    private static final int PACK = 0x1ba;
    private static final int PROGRAM_END = 0x1b9;
    private static final int FIRST_PACKET = 0x1bb;
    private static final int LAST_PACKET = 0x1ff;
    private static final int LARGEST_PACKS = 256 * 1024;

    private static final long SEGMENT = 0x18538067L;
    private static final long CLUSTER = 0x1f43b675L;
    private static final long UNKNOWN = -1;
    private static final long TOO_SHORT = -2;
    private static final long NO_NUMBER = -3;

    private final SourceBytes bytes;
    private final long length;

    private FileEnd(SeekableBytes source) throws IOException {
        bytes = new SourceBytes(source);
        length = source.length();
    }

    /**
     * How one sees that the file is cut short.
     *
     * @param formatName of FFmpeg's demuxer
     * @return null where the file looks whole, or its container cannot tell
     */
    public static String missing(SeekableBytes source, String formatName) throws IOException {
        if (ImageEnd.isMissing(source, formatName)) {
            return "the image ends before its end mark";
        }
        ContainerExtent extent = ContainerExtent.read(source);
        if (extent.endsBeyondFile()) {
            return extent.describe();
        }
        FileEnd end = new FileEnd(source);
        return switch (formatName) {
            case "avi", "webp_pipe" -> end.ofRiff();
            case "png_pipe", "apng" -> end.ofPng();
            case "ogg" -> end.ofOgg();
            case "mpegts" -> end.ofTransportStream();
            case "mpeg" -> end.ofProgramStream();
            case "matroska,webm" -> end.ofLiveMatroska();
            default -> null;
        };
    }

    private String endsBeyond(String what, long end) {
        return end > length
                ? String.format(Locale.ROOT, "%s ends at byte %d, the file has %d", what, end, length)
                : null;
    }

    /** The sizes of RIFF chunks; a large AVI is several, one after the other. */
    private String ofRiff() throws IOException {
        long end = 0;
        while (end + 8 <= length) {
            bytes.seek(end);
            if (bytes.bigEndian(4) != 0x52494646) { // RIFF
                return null;
            }
            long size = Integer.toUnsignedLong(Integer.reverseBytes((int) bytes.bigEndian(4)));
            if (size < 4) {
                return null; // written without going back to fill it in
            }
            end += 8 + size;
            if (end > length) {
                return endsBeyond("the RIFF chunk", end);
            }
            end += size & 1;
        }
        return null;
    }

    /** Chunks up to the one that ends the image (PNG specification, section 5). */
    private String ofPng() throws IOException {
        long at = 8;
        while (at + 12 <= length) {
            bytes.seek(at);
            long size = bytes.bigEndian(4);
            if (bytes.bigEndian(4) == 0x49454e44) { // IEND
                return null;
            }
            at += 12 + size;
        }
        return "the image ends before its end mark";
    }

    /** The last page of a stream says that it is the last (RFC 3533, section 6). */
    private String ofOgg() throws IOException {
        long from = Math.max(0, length - OGG_LARGEST_PAGE);
        for (long at = length - OGG_PAGE_HEADER; at >= from; at--) {
            bytes.seek(at);
            if (bytes.bigEndian(4) == 0x4f676753) { // OggS
                bytes.skip(1);
                int flags = bytes.next();
                bytes.seek(at + OGG_PAGE_HEADER - 1);
                int segments = bytes.next();
                long end = at + OGG_PAGE_HEADER + segments;
                for (int i = 0; i < segments; i++) {
                    end += Math.max(0, bytes.next());
                }
                boolean last = (flags & OGG_LAST_PAGE_FLAG) != 0;
                return end > length
                        ? endsBeyond("the last Ogg page", end)
                        : last ? null : "the last Ogg page is not marked as the end of its stream";
            }
        }
        return "no Ogg page begins near the end";
    }

    /** Packets of one size follow each other, sometimes with a time stamp before or a check sum after each. */
    private String ofTransportStream() throws IOException {
        for (int size : TRANSPORT_PACKETS) {
            int first = size == 192 ? 4 : 0;
            boolean fits = length >= (long) size * PACKETS_LOOKED_AT;
            for (int i = 0; fits && i < PACKETS_LOOKED_AT; i++) {
                bytes.seek(first + (long) i * size);
                fits = bytes.next() == TRANSPORT_SYNC;
            }
            if (fits) {
                return length % size == 0
                        ? null
                        : String.format(Locale.ROOT, "the last of the packets of %d bytes has %d", size, length % size);
            }
        }
        return null;
    }

    /** Packs and packets from the last pack header on (ISO/IEC 13818-1, 2.5.3). */
    private String ofProgramStream() throws IOException {
        long from = Math.max(0, length - LARGEST_PACKS);
        for (long at = length - 4; at >= from; at--) {
            bytes.seek(at);
            if (bytes.bigEndian(4) == PACK) {
                long end = endOfPacks(at);
                return end < 0 ? null : endsBeyond("the last packet", end);
            }
        }
        return null;
    }

    /** Where the packets from here on end; -1 where something else follows. */
    private long endOfPacks(long pack) throws IOException {
        long end = pack;
        while (end < length) {
            bytes.seek(end);
            long code = bytes.bigEndian(4);
            if (code == PACK) {
                boolean second = (bytes.next() & 0xc0) == 0x40; // MPEG-2; the header of MPEG-1 has a fixed length
                bytes.seek(end + 13);
                end += second ? 14 + (Math.max(0, bytes.next()) & 7) : 12;
            } else if (code == PROGRAM_END) {
                end += 4;
            } else if (code >= FIRST_PACKET && code <= LAST_PACKET) {
                end += 6 + Math.max(0, bytes.bigEndian(2));
            } else {
                return code < 0 ? end + 4 : -1;
            }
        }
        return end;
    }

    /** Segment and clusters of unknown size, as live recordings have them, end with the last element. */
    private String ofLiveMatroska() throws IOException {
        bytes.seek(4);
        bytes.skip(variable(true)); // the rest of the EBML header
        long end = bytes.position();
        while (end < length) {
            bytes.seek(end);
            long id = variable(false);
            long size = variable(true);
            if (id == TOO_SHORT || size == TOO_SHORT) {
                return endsBeyond("the last element", length + 1);
            }
            if (id == NO_NUMBER || size == NO_NUMBER || (size == UNKNOWN && id != SEGMENT && id != CLUSTER)) {
                return null;
            }
            // What an element of unknown size holds is read as if it came after it.
            end = bytes.position() + Math.max(0, size);
        }
        return endsBeyond("the last element", end);
    }

    /** A number whose leading zeros tell its length (RFC 8794, section 4). */
    private long variable(boolean dropMarker) throws IOException {
        int first = bytes.next();
        if (first <= 0) {
            return first < 0 ? TOO_SHORT : NO_NUMBER;
        }
        int more = Integer.numberOfLeadingZeros(first) - 24;
        long rest = bytes.bigEndian(more);
        if (rest < 0) {
            return TOO_SHORT;
        }
        int top = dropMarker ? first & 0x7f >> more : first;
        long value = (long) top << (8 * more) | rest;
        return dropMarker && value == (1L << (7 * (more + 1))) - 1 ? UNKNOWN : value;
    }
}
