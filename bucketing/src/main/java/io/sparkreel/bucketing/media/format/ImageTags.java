// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** The first directory of a TIFF file (TIFF 6.0, section 2), or of the EXIF data of another image. */
public final class ImageTags {

    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int COMPRESSION = 259;
    private static final int BITS_PER_SAMPLE = 258;
    private static final int PHOTOMETRIC = 262;
    private static final int FILL_ORDER = 266;
    private static final int ORIENTATION = 274;
    private static final int PLANAR = 284;
    private static final int TILE_WIDTH = 322;
    private static final int EXTRA_SAMPLES = 338;
    private static final int SAMPLE_FORMAT = 339;

    private static final int SHORT = 3;
    private static final int LONG = 4;
    private static final int PALETTE = 3;
    private static final int OLD_JPEG = 6;
    private static final int JPEG = 7;
    private static final int MAX_SEGMENTS = 10_000;

    private final Map<Integer, Long> values = new HashMap<>();

    private ImageTags() {}

    /** The tags of an image, none where it has none that can be read. */
    public static ImageTags read(SeekableBytes source, String formatName) throws IOException {
        SourceBytes bytes = new SourceBytes(source);
        ImageTags tags = new ImageTags();
        long start = switch (formatName) {
            case "tiff_pipe" -> 0;
            case "jpeg_pipe" -> inJpeg(bytes);
            case "png_pipe", "apng" -> inPng(bytes);
            case "webp_pipe" -> inWebp(bytes);
            default -> -1;
        };
        if (start >= 0) {
            tags.readDirectory(bytes, start);
        }
        return tags;
    }

    /** Width and height of a TIFF file, 0 where it does not say. */
    ImageSize size() {
        return new ImageSize(values.getOrDefault(WIDTH, 0L), values.getOrDefault(HEIGHT, 0L));
    }

    /** How the picture is to be turned, 1 (not at all) to 8. */
    public int orientation() {
        long orientation = values.getOrDefault(ORIENTATION, 1L);
        return orientation < 1 || orientation > 8 ? 1 : (int) orientation;
    }

    /**
     * What of a TIFF file FFmpeg's decoder leaves black or gets wrong without an error.
     *
     * @return null where it reads the file well
     */
    public String unsupportedTiff() {
        if (values.containsKey(TILE_WIDTH)) {
            return "FFmpeg does not decode tiled TIFF";
        }
        long compression = values.getOrDefault(COMPRESSION, 1L);
        if (compression == OLD_JPEG || compression == JPEG) {
            return "FFmpeg does not decode JPEG in TIFF";
        }
        long bits = values.getOrDefault(BITS_PER_SAMPLE, 1L);
        if (values.getOrDefault(SAMPLE_FORMAT, 1L) != 1) {
            return "FFmpeg does not convert TIFF whose samples are no unsigned numbers";
        }
        if (values.getOrDefault(PLANAR, 1L) == 2 && bits > 8) {
            return String.format(Locale.ROOT, "FFmpeg does not decode planar TIFF of %d bits", bits);
        }
        if (values.getOrDefault(FILL_ORDER, 1L) == 2 && bits > 1 && bits < 8) {
            return String.format(Locale.ROOT, "FFmpeg does not decode TIFF of %d bits from the lowest on", bits);
        }
        if (values.getOrDefault(PHOTOMETRIC, 1L) == PALETTE && values.containsKey(EXTRA_SAMPLES)) {
            return "FFmpeg does not decode TIFF with a palette and alpha";
        }
        return null;
    }

    private void readDirectory(SourceBytes bytes, long start) throws IOException {
        bytes.seek(start);
        long order = bytes.bigEndian(2);
        boolean little = order == 0x4949;
        if ((!little && order != 0x4d4d) || number(bytes, 2, little) != 42) {
            return;
        }
        long directory = number(bytes, 4, little);
        bytes.seek(start + directory);
        long entries = number(bytes, 2, little);
        for (long i = 0; i < entries; i++) {
            long entry = start + directory + 2 + 12 * i;
            bytes.seek(entry);
            long tag = number(bytes, 2, little);
            long type = number(bytes, 2, little);
            long count = number(bytes, 4, little);
            if (tag < 0 || count < 1) {
                return;
            }
            if (type != SHORT && type != LONG) {
                continue;
            }
            int size = type == SHORT ? 2 : 4;
            if (count * size > 4) { // does not fit into the entry, which then says where it lies
                bytes.seek(start + number(bytes, 4, little));
            }
            values.put((int) tag, number(bytes, size, little));
        }
    }

    private static long number(SourceBytes bytes, int count, boolean little) throws IOException {
        long value = bytes.bigEndian(count);
        if (!little || value < 0) {
            return value;
        }
        return count == 2
                ? Short.toUnsignedLong(Short.reverseBytes((short) value))
                : Integer.toUnsignedLong(Integer.reverseBytes((int) value));
    }

    /** The APP1 segment that begins with "Exif" (Exif 2.32, 4.5.4). */
    private static long inJpeg(SourceBytes bytes) throws IOException {
        bytes.seek(2);
        for (int segment = 0; segment < MAX_SEGMENTS; segment++) {
            int mark = bytes.next();
            while (mark == 0xff) {
                mark = bytes.next();
            }
            if (mark < 0xc0 || mark == 0xda || mark == 0xd9) {
                return -1;
            }
            long at = bytes.position();
            long length = bytes.bigEndian(2);
            if (length < 2) {
                return -1;
            }
            if (mark == 0xe1 && bytes.bigEndian(4) == 0x45786966 && bytes.bigEndian(2) == 0) {
                return bytes.position();
            }
            bytes.seek(at + length);
            if (bytes.next() != 0xff) {
                return -1;
            }
        }
        return -1;
    }

    /** The chunk eXIf (PNG specification, third edition, 11.3.3.4). */
    private static long inPng(SourceBytes bytes) throws IOException {
        long at = 8;
        for (int chunk = 0; chunk < MAX_SEGMENTS; chunk++) {
            bytes.seek(at);
            long size = bytes.bigEndian(4);
            long type = bytes.bigEndian(4);
            if (size < 0 || type < 0 || type == 0x49454e44) { // IEND
                return -1;
            }
            if (type == 0x65584966) { // eXIf
                return at + 8;
            }
            at += 12 + size;
        }
        return -1;
    }

    /** The chunk EXIF (RFC 9649, 2.7.1.5), which some writers begin as JPEG does. */
    private static long inWebp(SourceBytes bytes) throws IOException {
        long at = 12;
        for (int chunk = 0; chunk < MAX_SEGMENTS; chunk++) {
            bytes.seek(at);
            long type = bytes.bigEndian(4);
            long size = Integer.toUnsignedLong(Integer.reverseBytes((int) bytes.bigEndian(4)));
            if (type < 0 || at + 8 >= bytes.length()) {
                return -1;
            }
            if (type == 0x45584946) { // EXIF
                return bytes.bigEndian(4) == 0x45786966 ? at + 14 : at + 8;
            }
            at += 8 + size + (size & 1);
        }
        return -1;
    }
}
