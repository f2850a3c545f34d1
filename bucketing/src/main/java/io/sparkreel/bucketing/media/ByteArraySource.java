// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import java.util.Objects;

/** Bytes in memory. */
final class ByteArraySource implements MediaSource {

    private final byte[] bytes;

    ByteArraySource(byte[] bytes) {
        this.bytes = Objects.requireNonNull(bytes, "bytes");
    }

    @Override
    public long length() {
        return bytes.length;
    }

    @Override
    public int read(long position, byte[] target, int offset, int length) {
        if (position >= bytes.length) {
            return -1;
        }
        int count = (int) Math.min(length, bytes.length - position);
        System.arraycopy(bytes, (int) position, target, offset, count);
        return count;
    }

    @Override
    public void close() {}
}
