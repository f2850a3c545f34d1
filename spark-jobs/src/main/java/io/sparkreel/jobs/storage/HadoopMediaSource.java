// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import io.sparkreel.bucketing.media.MediaSource;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A media file on any Hadoop file system, read by ranges. */
public final class HadoopMediaSource implements MediaSource {
    private final FSDataInputStream stream;
    private final long length;

    private HadoopMediaSource(FSDataInputStream stream, long length) {
        this.stream = stream;
        this.length = length;
    }

    /**
     * Opens a file.
     *
     * @param length its length, where a listing told it, so that the store need not be asked again
     */
    public static HadoopMediaSource open(Configuration configuration, String uri, long length) throws IOException {
        Path path = new Path(uri);
        FileSystem files = Names.plain(path.getFileSystem(configuration));
        CompletableFuture<FSDataInputStream> opening = files.openFile(path)
                .opt("fs.option.openfile.read.policy", "random")
                .optLong("fs.option.openfile.length", length)
                .build();
        try {
            return new HadoopMediaSource(opening.get(), length);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while opening " + uri, e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public int read(long position, byte[] target, int offset, int count) throws IOException {
        if (position >= length) {
            return -1;
        }
        if (stream.getPos() != position) {
            stream.seek(position);
        }
        return stream.read(target, offset, count);
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }
}
