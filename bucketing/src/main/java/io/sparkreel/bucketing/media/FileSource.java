// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file of the local file system. */
final class FileSource implements MediaSource {

    private final FileChannel channel;

    private FileSource(FileChannel channel) {
        this.channel = channel;
    }

    static FileSource open(Path file) throws IOException {
        return new FileSource(FileChannel.open(file, StandardOpenOption.READ));
    }

    @Override
    public long length() throws IOException {
        return channel.size();
    }

    @Override
    public int read(long position, byte[] target, int offset, int length) throws IOException {
        return channel.read(ByteBuffer.wrap(target, offset, length), position);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
