// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkEnv;

/**
 * The local disk of a cluster, which counts the bytes that each process reads of each file of a checkpoint. It serves as
 * {@code fs.file.impl}, and leaves a file for each process in the folder {@link #FOLDER}.
 */
public final class CountingDisk extends LocalFileSystem {
    static final String FOLDER = "fs.counting.folder";

    /** Options of a launcher under which its processes count what they read. */
    static List<String> options(java.nio.file.Path folder) throws IOException {
        java.nio.file.Path classes =
                ClassesApart.copy(CountingDisk.class, folder.resolveSibling(folder.getFileName() + "-classes"));
        Files.createDirectories(folder);
        return List.of(
                "--driver-class-path",
                classes.toString(),
                "--conf",
                "spark.executor.extraClassPath=" + classes,
                "--conf",
                "spark.hadoop.fs.file.impl=" + CountingDisk.class.getName(),
                "--conf",
                "spark.hadoop." + FOLDER + "=" + folder);
    }

    /**
     * Bytes that each process has read.
     *
     * @return by the process, {@code driver} or an executor's number, and by path relative to {@code checkpoint}
     */
    static Map<String, Map<String, Long>> read(java.nio.file.Path folder, java.nio.file.Path checkpoint)
            throws IOException {
        Map<String, Map<String, Long>> read = new TreeMap<>();
        try (Stream<java.nio.file.Path> processes = Files.list(folder)) {
            for (java.nio.file.Path process : (Iterable<java.nio.file.Path>) processes::iterator) {
                Map<String, Long> files =
                        read.computeIfAbsent(process.getFileName().toString(), any -> new TreeMap<>());
                for (String line : Files.readAllLines(process)) {
                    int space = line.indexOf(' ');
                    java.nio.file.Path file = java.nio.file.Path.of(line.substring(space + 1));
                    if (file.startsWith(checkpoint)) {
                        files.merge(
                                checkpoint.relativize(file).toString(),
                                Long.parseLong(line.substring(0, space)),
                                Long::sum);
                    }
                }
            }
        }
        return read;
    }

    @Override
    public FSDataInputStream open(Path file, int bufferSize) throws IOException {
        FSDataInputStream in = super.open(file, bufferSize);
        return file.toString().contains("global_step")
                ? new FSDataInputStream(new Counted(in, file.toUri().getPath()))
                : in;
    }

    private void tell(long bytes, String file) throws IOException {
        String process = SparkEnv.get() == null ? "driver" : SparkEnv.get().executorId();
        Files.writeString(
                java.nio.file.Path.of(getConf().get(FOLDER), process),
                bytes + " " + file + "\n",
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    /** Counts what is read of one file, and tells of it when that is closed. */
    private final class Counted extends FSInputStream {
        private final FSDataInputStream in;
        private final String file;
        private long bytes;
        private boolean closed;

        Counted(FSDataInputStream in, String file) {
            this.in = in;
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            int value = in.read();
            bytes += value < 0 ? 0 : 1;
            return value;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int count = in.read(target, offset, length);
            bytes += Math.max(0, count);
            return count;
        }

        @Override
        public void seek(long position) throws IOException {
            in.seek(position);
        }

        @Override
        public long getPos() throws IOException {
            return in.getPos();
        }

        @Override
        public boolean seekToNewSource(long position) throws IOException {
            return in.seekToNewSource(position);
        }

        @Override
        public void close() throws IOException {
            in.close();
            if (!closed) {
                closed = true;
                tell(bytes, file);
            }
        }
    }
}
