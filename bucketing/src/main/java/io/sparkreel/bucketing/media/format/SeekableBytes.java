// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.format;

import java.io.IOException;

/** Bytes that can be read at any position. */
public interface SeekableBytes {

    /** Length in bytes. */
    long length() throws IOException;

    /**
     * Reads up to {@code length} bytes from {@code position} on.
     *
     * @return how many bytes were read, at least one unless {@code length} is 0; -1 at the end
     */
    int read(long position, byte[] target, int offset, int length) throws IOException;
}
