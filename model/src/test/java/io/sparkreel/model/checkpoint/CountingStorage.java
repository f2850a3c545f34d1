// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.checkpoint.safetensors.RangedFile;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/** Counts the bytes that are read, by file. */
public final class CountingStorage extends ForwardingStorage {

    private final Map<String, Long> read = new TreeMap<>();

    public CountingStorage(Storage storage) {
        super(storage);
    }

    /** Bytes read since the last call, by the path of the file. */
    public synchronized Map<String, Long> take() {
        Map<String, Long> taken = new TreeMap<>(read);
        read.clear();
        return taken;
    }

    private synchronized void count(String path, long bytes) {
        read.merge(path, bytes, Long::sum);
    }

    @Override
    public InputStream open(String path) throws IOException {
        return new FilterInputStream(super.open(path)) {
            @Override
            public int read() throws IOException {
                int value = super.read();
                count(path, value < 0 ? 0 : 1);
                return value;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                int bytes = super.read(target, offset, length);
                count(path, Math.max(0, bytes));
                return bytes;
            }
        };
    }

    @Override
    public RangedFile openRanged(String path) throws IOException {
        RangedFile file = super.openRanged(path);
        return new RangedFile() {
            @Override
            public long size() throws IOException {
                return file.size();
            }

            @Override
            public void read(long position, ByteBuffer target) throws IOException {
                count(path, target.remaining());
                file.read(position, target);
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }
}
