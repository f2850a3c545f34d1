// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.checkpoint.safetensors.RangedFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Passes every call on; tests override what they want to go wrong. */
public class ForwardingStorage implements Storage {

    private final Storage storage;

    public ForwardingStorage(Storage storage) {
        this.storage = storage;
    }

    @Override
    public InputStream open(String path) throws IOException {
        return storage.open(path);
    }

    @Override
    public RangedFile openRanged(String path) throws IOException {
        return storage.openRanged(path);
    }

    @Override
    public OutputStream create(String path) throws IOException {
        return storage.create(path);
    }

    @Override
    public List<String> list(String folder) throws IOException {
        return storage.list(folder);
    }

    @Override
    public long size(String path) throws IOException {
        return storage.size(path);
    }

    @Override
    public boolean exists(String path) throws IOException {
        return storage.exists(path);
    }

    @Override
    public void delete(String path) throws IOException {
        storage.delete(path);
    }

    @Override
    public void atomicPut(String path, byte[] content) throws IOException {
        storage.atomicPut(path, content);
    }

    @Override
    public Optional<Path> localPath(String path) {
        return storage.localPath(path);
    }

    @Override
    public String toString() {
        return storage.toString();
    }
}
