// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.checkpoint.safetensors.RangedFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Files in memory, behaving as one of two kinds of store, whose client dies after a number of calls that change
 * something: from then on every call fails.
 */
public final class MemoryStorage implements Storage {

    /** What the others see of a file that is being written. */
    public enum Kind {
        /** Every byte at once, as on disks and in HDFS; a write may be cut in the middle. */
        DISK,
        /** Nothing until it is closed, as in object stores; a file of that name stays until then. */
        OBJECT_STORE
    }

    /** The client's death. */
    public static final class Killed extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private final Kind kind;
    private final NavigableMap<String, byte[]> files;
    private long callsLeft = Long.MAX_VALUE;
    private long calls;
    private boolean dead;

    public MemoryStorage(Kind kind, Map<String, byte[]> content) {
        this.kind = kind;
        files = new ConcurrentSkipListMap<>(content);
    }

    /** What it holds, by path; changes go through. */
    public NavigableMap<String, byte[]> files() {
        return files;
    }

    /** Lets the client die in call number {@code call} from now, counted from 0. */
    public void dieAt(long call) {
        callsLeft = call;
    }

    /** Calls so far that changed something. */
    public long calls() {
        return calls;
    }

    private synchronized boolean dies() throws Killed {
        if (dead) {
            throw new Killed();
        }
        calls++;
        dead = callsLeft-- == 0;
        return dead;
    }

    private void call() throws Killed {
        if (dies()) {
            throw new Killed();
        }
    }

    private synchronized void living() throws Killed {
        if (dead) {
            throw new Killed();
        }
    }

    @Override
    public InputStream open(String path) throws IOException {
        living();
        byte[] content = files.get(path);
        if (content == null) {
            throw new FileNotFoundException(path);
        }
        return new ByteArrayInputStream(content);
    }

    @Override
    public RangedFile openRanged(String path) throws IOException {
        byte[] content = open(path).readAllBytes();
        return new RangedFile() {
            @Override
            public long size() {
                return content.length;
            }

            @Override
            public void read(long position, ByteBuffer target) throws IOException {
                if (position + target.remaining() > content.length) {
                    throw new EOFException(path);
                }
                target.put(content, (int) position, target.remaining());
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public OutputStream create(String path) throws IOException {
        call();
        if (kind == Kind.DISK) {
            files.put(path, new byte[0]);
        }
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] source, int offset, int length) throws IOException {
                boolean cut = dies();
                written.write(source, offset, cut ? length / 2 : length);
                if (kind == Kind.DISK) {
                    files.put(path, written.toByteArray());
                }
                if (cut) {
                    throw new Killed();
                }
            }

            @Override
            public void close() throws IOException {
                call();
                files.put(path, written.toByteArray());
            }
        };
    }

    @Override
    public List<String> list(String folder) throws IOException {
        living();
        String prefix = folder.isEmpty() ? "" : folder + "/";
        TreeSet<String> names = new TreeSet<>();
        for (String path : files.keySet()) {
            if (path.startsWith(prefix)) {
                names.add(path.substring(prefix.length()).split("/")[0]);
            }
        }
        return List.copyOf(names);
    }

    @Override
    public long size(String path) throws IOException {
        living();
        return files.get(path).length;
    }

    @Override
    public boolean exists(String path) throws IOException {
        living();
        return files.containsKey(path) || !list(path).isEmpty();
    }

    @Override
    public void delete(String path) throws IOException {
        for (String file : List.copyOf(files.keySet())) {
            if (file.equals(path) || file.startsWith(path + "/")) {
                call();
                files.remove(file);
            }
        }
    }

    @Override
    public void atomicPut(String path, byte[] content) throws IOException {
        call();
        files.put(path, Arrays.copyOf(content, content.length));
    }

    @Override
    public Optional<Path> localPath(String path) {
        return Optional.empty();
    }

    @Override
    public String toString() {
        return "memory";
    }
}
