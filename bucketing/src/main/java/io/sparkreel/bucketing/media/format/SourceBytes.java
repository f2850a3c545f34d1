// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;

/** Buffered bytes of a source, one after the other, for looking at the structure of a file. */
public final class SourceBytes {

    private static final int BUFFER_BYTES = 64 * 1024;

    private final SeekableBytes source;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private long start;
    private int filled;
    private long position;

    /** Starts at the first byte. */
    public SourceBytes(SeekableBytes source) {
        this.source = source;
    }

    /** Of the source. */
    public long length() throws IOException {
        return source.length();
    }

    /** Of the next byte. */
    public long position() {
        return position;
    }

    /** Goes to a byte, which need not exist. */
    public void seek(long target) {
        position = target;
    }

    /** Leaves out bytes. */
    public void skip(long count) {
        position += count;
    }

    /** The next byte, -1 at the end. */
    public int next() throws IOException {
        if (position < start || position >= start + filled) {
            start = position;
            filled = Math.max(0, source.read(position, buffer, 0, buffer.length));
            if (filled == 0) {
                return -1;
            }
        }
        return buffer[(int) (position++ - start)] & 0xff;
    }

    /** The next {@code count} bytes as a number, most significant first; -1 where the file ends before. */
    public long bigEndian(int count) throws IOException {
        long value = 0;
        for (int i = 0; i < count; i++) {
            int next = next();
            if (next < 0) {
                return -1;
            }
            value = value << 8 | next;
        }
        return value;
    }
}
