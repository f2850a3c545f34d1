// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The local disk of a cluster, which hangs once: in the process that is first to have opened enough videos. It serves
 * as {@code fs.file.impl}, and a process that hangs takes the file {@link #ARMED} away.
 */
public final class HungDisk extends LocalFileSystem {
    static final String ARMED = "fs.hung.armed";
    private static final int VIDEOS = 8;
    private static final AtomicInteger OPENED = new AtomicInteger();

    @Override
    public FSDataInputStream open(Path file, int bufferSize) throws IOException {
        if (file.getName().endsWith(".mp4")
                && OPENED.incrementAndGet() >= VIDEOS
                && Files.deleteIfExists(java.nio.file.Path.of(getConf().get(ARMED)))) {
            hang();
        }
        return super.open(file, bufferSize);
    }

    private static void hang() throws IOException {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
