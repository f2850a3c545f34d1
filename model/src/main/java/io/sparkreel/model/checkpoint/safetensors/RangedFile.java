// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A file of which any range can be read, wherever it is stored. Safe for use by several threads. */
public interface RangedFile extends Closeable {

    /** Bytes of the file. */
    long size() throws IOException;

    /**
     * Fills {@code target} with the bytes from {@code position} on.
     *
     * @throws EOFException if the file ends before
     */
    void read(long position, ByteBuffer target) throws IOException;

    /** A file of the local disk; closing the result closes the channel. */
    static RangedFile of(FileChannel channel) {
        return new RangedFile() {
            @Override
            public long size() throws IOException {
                return channel.size();
            }

            @Override
            public void read(long position, ByteBuffer target) throws IOException {
                long next = position;
                while (target.hasRemaining()) {
                    int count = channel.read(target, next);
                    if (count < 0) {
                        throw new EOFException("the file ends before byte " + next);
                    }
                    next += count;
                }
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }
}
