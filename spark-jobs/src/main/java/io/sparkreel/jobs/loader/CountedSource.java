// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import io.sparkreel.bucketing.media.MediaSource;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file whose reads are counted as they come back.
 *
 * @param file closed with this
 * @param reads the count
 */
record CountedSource(MediaSource file, AtomicLong reads) implements MediaSource {
    @Override
    public long length() throws IOException {
        return file.length();
    }

    @Override
    public int read(long position, byte[] target, int offset, int length) throws IOException {
        int read = file.read(position, target, offset, length);
        reads.incrementAndGet();
        return read;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
