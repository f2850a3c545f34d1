// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import io.sparkreel.bucketing.media.format.SeekableBytes;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The bytes of one media file, readable at any position. Used by one thread at a time; whoever
 * opened it closes it.
 */
public interface MediaSource extends SeekableBytes, AutoCloseable {

    @Override
    void close() throws IOException;

    /** Opens a file of the local file system. */
    static MediaSource of(Path file) throws IOException {
        return FileSource.open(file);
    }

    /** Reads from memory; the array is not copied. */
    static MediaSource of(byte[] bytes) {
        return new ByteArraySource(bytes);
    }
}
