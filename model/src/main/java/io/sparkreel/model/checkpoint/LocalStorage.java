// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.checkpoint.safetensors.RangedFile;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** A folder of the local file system. */
public final class LocalStorage implements Storage {

    private final Path root;

    /** The storage of a folder, which need not exist yet. */
    public LocalStorage(Path root) {
        this.root = root.toAbsolutePath().normalize();
    }

    @Override
    public InputStream open(String path) throws IOException {
        return Files.newInputStream(resolve(path));
    }

    @Override
    public RangedFile openRanged(String path) throws IOException {
        return RangedFile.of(FileChannel.open(resolve(path), StandardOpenOption.READ));
    }

    @Override
    public OutputStream create(String path) throws IOException {
        Path file = resolve(path);
        Files.createDirectories(file.getParent());
        return new DurableFile(new FileOutputStream(file.toFile()));
    }

    @Override
    public List<String> list(String folder) throws IOException {
        try (Stream<Path> children = Files.list(resolve(folder))) {
            return children.map(child -> child.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        }
    }

    @Override
    public long size(String path) throws IOException {
        return Files.size(resolve(path));
    }

    @Override
    public boolean exists(String path) {
        return Files.exists(resolve(path));
    }

    @Override
    public void delete(String path) throws IOException {
        Path start = resolve(path);
        if (!Files.exists(start)) {
            return;
        }
        List<Path> contents;
        try (Stream<Path> tree = Files.walk(start)) { // does not follow links out of the folder
            contents = tree.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : contents) {
            Files.deleteIfExists(file);
        }
    }

    @Override
    public void atomicPut(String path, byte[] content) throws IOException {
        Path target = resolve(path);
        Files.createDirectories(target.getParent());
        Path temporary = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            try (OutputStream out = new DurableFile(new FileOutputStream(temporary.toFile()))) {
                out.write(content);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE); // the new content is in place from here on
        } finally {
            Files.deleteIfExists(temporary);
        }
        forceFolder(target.getParent());
    }

    @Override
    public Optional<Path> localPath(String path) {
        return Optional.of(resolve(path));
    }

    @Override
    public String toString() {
        return root.toString();
    }

    private Path resolve(String path) {
        Objects.requireNonNull(path, "path");
        Path resolved = root.resolve(path).normalize();
        if (!resolved.startsWith(root)) {
            throw new IllegalArgumentException("path leaves the storage: " + path);
        }
        return resolved;
    }

    /** Makes a rename durable. */
    private static void forceFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Forces its content to disk when it is closed. */
    private static final class DurableFile extends FilterOutputStream {
        private final FileOutputStream file;
        private boolean closed;

        DurableFile(FileOutputStream file) {
            super(file);
            this.file = file;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            file.write(bytes, offset, length); // the inherited method writes byte by byte
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                try (file) {
                    file.getFD().sync();
                }
            }
        }
    }
}
