// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Boxes of an MP4 or MOV file, one after the other (ISO/IEC 14496-12, 4.2). */
final class Boxes {

    private static final int MAX_BOXES = 1_000_000;

    private final SourceBytes bytes;
    private final long length;
    private int met;

    Boxes(SeekableBytes source) throws IOException {
        bytes = new SourceBytes(source);
        length = source.length();
    }

    /** What is done with one box. */
    interface Visitor {
        /**
         * @param type four letters
         * @param bytes at the first byte of the content
         * @param end of the content
         */
        void visit(String type, SourceBytes bytes, long end) throws IOException;
    }

    /** The outermost boxes. */
    void all(Visitor visitor) throws IOException {
        within(0, length, visitor);
    }

    /** Boxes between two positions, as far as they are boxes. */
    void within(long from, long end, Visitor visitor) throws IOException {
        long at = from;
        while (at + 8 <= end && met++ < MAX_BOXES) {
            bytes.seek(at);
            long size = bytes.bigEndian(4);
            int type = (int) bytes.bigEndian(4);
            if (size == 1) {
                size = bytes.bigEndian(8);
            }
            long boxEnd = size == 0 ? end : at + size;
            if (size < 0 || (size > 0 && size < 8) || boxEnd < at) {
                return;
            }
            byte[] letters = {(byte) (type >> 24), (byte) (type >> 16), (byte) (type >> 8), (byte) type};
            visitor.visit(new String(letters, StandardCharsets.ISO_8859_1), bytes, Math.min(boxEnd, end));
            at = boxEnd;
        }
    }
}
