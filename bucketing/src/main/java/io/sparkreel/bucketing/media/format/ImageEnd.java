// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;

/**
 * Whether an image file is cut short. Decoders of JPEG and GIF fill up what is missing without a
 * word, so that the end marks are looked for here.
 */
final class ImageEnd {

    private static final int START_OF_SCAN = 0xda;
    private static final int END_OF_IMAGE = 0xd9;
    private static final int GIF_TRAILER = 0x3b;
    private static final int TAIL_BYTES = 4096;

    private ImageEnd() {}

    static boolean isMissing(SeekableBytes source, String formatName) throws IOException {
        if (formatName.equals("jpeg_pipe")) {
            return !jpegEnds(new SourceBytes(source));
        }
        return formatName.equals("gif") && !gifEnds(source);
    }

    /** Walks the segments to the first scan, then looks for the end mark (ITU T.81, B.1). */
    private static boolean jpegEnds(SourceBytes bytes) throws IOException {
        bytes.skip(2);
        while (true) {
            int mark = bytes.next();
            while (mark != 0xff) {
                if (mark < 0) {
                    return false;
                }
                mark = bytes.next();
            }
            int code = bytes.next();
            if (code == START_OF_SCAN) {
                break;
            }
            if (code < 0) {
                return false;
            }
            int length = bytes.next() << 8 | bytes.next();
            if (length < 2) {
                return false;
            }
            bytes.skip(length - 2);
        }
        // Scan data never holds FF followed by anything but 00 or a restart mark.
        int previous = 0;
        for (int current = bytes.next(); current >= 0; current = bytes.next()) {
            if (previous == 0xff && current == END_OF_IMAGE) {
                return true;
            }
            previous = current;
        }
        return false;
    }

    /** The last byte that is not padding is the trailer (GIF89a, 27). */
    private static boolean gifEnds(SeekableBytes source) throws IOException {
        byte[] tail = new byte[TAIL_BYTES];
        int length = 0;
        long start = Math.max(0, source.length() - TAIL_BYTES);
        int count = source.read(start, tail, 0, TAIL_BYTES);
        while (count > 0) {
            length += count;
            count = source.read(start + length, tail, length, TAIL_BYTES - length);
        }
        while (length > 0 && tail[length - 1] == 0) {
            length--;
        }
        return length > 0 && tail[length - 1] == GIF_TRAILER;
    }
}
