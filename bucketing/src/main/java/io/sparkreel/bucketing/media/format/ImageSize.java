// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;
import java.util.Optional;

/**
 * Width and height by the header of an image, which decoders that refuse a picture for its size keep to themselves.
 *
 * @param width in pixels
 * @param height in pixels
 */
public record ImageSize(long width, long height) {

    private static final int MAX_SEGMENTS = 10_000;

    /** Reads the header of a PNG, JPEG, BMP, WebP or TIFF image; empty where it is none, or damaged. */
    public static Optional<ImageSize> read(SeekableBytes source, String formatName) throws IOException {
        SourceBytes bytes = new SourceBytes(source);
        ImageSize size = switch (formatName) {
            case "png_pipe" -> {
                bytes.seek(16);
                yield new ImageSize(bytes.bigEndian(4), bytes.bigEndian(4));
            }
            case "bmp_pipe" -> {
                bytes.seek(18);
                yield new ImageSize(Math.abs(little(bytes)), Math.abs(little(bytes)));
            }
            case "jpeg_pipe" -> ofJpeg(bytes);
            case "webp_pipe" -> ofWebp(bytes);
            case "tiff_pipe" -> ImageTags.read(source, formatName).size();
            default -> new ImageSize(-1, -1);
        };
        return size.width > 0 && size.height > 0 ? Optional.of(size) : Optional.empty();
    }

    private static int little(SourceBytes bytes) throws IOException {
        return Integer.reverseBytes((int) bytes.bigEndian(4));
    }

    /** The frame header: any of C0 to CF but the tables among them (ITU T.81, B.1.1.3). */
    private static ImageSize ofJpeg(SourceBytes bytes) throws IOException {
        bytes.seek(2);
        for (int segment = 0; segment < MAX_SEGMENTS; segment++) {
            int mark = bytes.next();
            while (mark == 0xff) {
                mark = bytes.next();
            }
            long at = bytes.position();
            long length = bytes.bigEndian(2);
            if (mark < 0 || length < 2) {
                break;
            }
            if (mark >= 0xc0 && mark <= 0xcf && mark != 0xc4 && mark != 0xc8 && mark != 0xcc) {
                bytes.skip(1);
                long height = bytes.bigEndian(2);
                return new ImageSize(bytes.bigEndian(2), height);
            }
            bytes.seek(at + length);
        }
        return new ImageSize(-1, -1);
    }

    /** The header of the first chunk (RFC 9649, 2.5 to 2.7). */
    private static ImageSize ofWebp(SourceBytes bytes) throws IOException {
        bytes.seek(12);
        long type = bytes.bigEndian(4);
        bytes.skip(4);
        if (type == 0x56503858) { // VP8X
            bytes.skip(4);
            return new ImageSize(
                    1 + (Long.reverseBytes(bytes.bigEndian(3)) >>> 40),
                    1 + (Long.reverseBytes(bytes.bigEndian(3)) >>> 40));
        }
        if (type == 0x5650384c) { // VP8L
            bytes.skip(1);
            int sizes = little(bytes);
            return new ImageSize(1 + (sizes & 0x3fff), 1 + (sizes >>> 14 & 0x3fff));
        }
        bytes.skip(6);
        int sizes = little(bytes);
        return new ImageSize(sizes & 0x3fff, sizes >>> 16 & 0x3fff);
    }
}
