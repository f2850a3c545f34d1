// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;

/** Work that one thread of one process of this node does at a time. */
public final class NodeLock {
    // A file lock belongs to the whole process, so threads need a lock of their own.
    private static final ConcurrentMap<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

    private NodeLock() {}

    /** What is done under the lock. */
    public interface Work<T> {
        T run() throws IOException;
    }

    /**
     * Works while holding the lock that a file stands for, after waiting for it. The file stays.
     *
     * @throws IOException if the file cannot be made or locked, or the work throws it
     */
    public static <T> T holding(Path path, Work<T> work) throws IOException {
        Path file = path.toAbsolutePath().normalize();
        ReentrantLock thread = THREADS.computeIfAbsent(file, any -> new ReentrantLock());
        thread.lock();
        try {
            Files.createDirectories(file.getParent());
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.lock(); // until the channel is closed
                return work.run();
            }
        } finally {
            thread.unlock();
        }
    }
}
