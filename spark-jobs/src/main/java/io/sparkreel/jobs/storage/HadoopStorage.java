// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import io.sparkreel.model.ForeignText;
import io.sparkreel.model.checkpoint.Storage;
import io.sparkreel.model.checkpoint.safetensors.RangedFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;

/** A folder on any Hadoop file system. */
public final class HadoopStorage implements Storage {
    private static final String TEMPORARY = ".tmp";
    /** Of a file that is replaced every few seconds, one soon succeeds. */
    private static final int READS = 5;

    private static final Pattern UNFINISHED = Pattern.compile(".*\\.[0-9a-f-]{36}\\" + TEMPORARY);

    private final FileSystem files;
    private final Path root;

    /** @throws IOException if the file system of the folder cannot be reached */
    public HadoopStorage(Configuration configuration, String root) throws IOException {
        Path path = Names.path(root);
        files = path.getFileSystem(configuration);
        this.root = DriverFolder.qualify(path, files, configuration);
    }

    private Path at(String path) {
        return path.isEmpty() ? root : new Path(root, Names.path(path));
    }

    @Override
    public InputStream open(String path) throws IOException {
        return files.open(at(path));
    }

    @Override
    public RangedFile openRanged(String path) throws IOException {
        return new Ranged(files.open(at(path)), size(path));
    }

    /** A file that moves to the range wanted: ranges in the order of the file are one stream. */
    private record Ranged(FSDataInputStream in, long size) implements RangedFile {
        @Override
        public void read(long position, ByteBuffer target) throws IOException {
            byte[] content = target.hasArray() ? target.array() : new byte[target.remaining()];
            int offset = target.hasArray() ? target.arrayOffset() + target.position() : 0;
            int length = target.remaining();
            synchronized (in) {
                if (in.getPos() != position) {
                    in.seek(position);
                }
                in.readFully(content, offset, length);
            }
            if (target.hasArray()) {
                target.position(target.position() + length);
            } else {
                target.put(content);
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    @Override
    public OutputStream create(String path) throws IOException {
        return files.create(at(path), true);
    }

    @Override
    public List<String> list(String folder) throws IOException {
        try {
            return Arrays.stream(files.listStatus(at(folder)))
                    .map(status -> status.getPath().getName())
                    .sorted()
                    .toList();
        } catch (FileNotFoundException e) {
            return List.of();
        }
    }

    @Override
    public long size(String path) throws IOException {
        return files.getFileStatus(at(path)).getLen();
    }

    @Override
    public boolean exists(String path) throws IOException {
        return files.exists(at(path));
    }

    @Override
    public void delete(String path) throws IOException {
        files.delete(at(path), true);
    }

    /**
     * Object stores make a file visible, whole, when its stream is closed; elsewhere a rename over the old
     * file is the one step.
     */
    @Override
    public void atomicPut(String path, byte[] content) throws IOException {
        put(at(path), target -> write(target, content));
    }

    /** As {@link #atomicPut(String, byte[])}, with the content of a file of this machine. */
    public void atomicPut(String path, java.nio.file.Path content) throws IOException {
        put(at(path), target -> files.copyFromLocalFile(false, true, new Path(content.toUri()), target));
    }

    /** Writes a whole file. */
    private interface Writing {
        void to(Path target) throws IOException;
    }

    private void put(Path target, Writing writing) throws IOException {
        if (isObjectStore()) {
            writing.to(target);
            return;
        }
        Path temporary = target.suffix("." + UUID.randomUUID() + TEMPORARY);
        boolean put = false;
        try {
            writing.to(temporary);
            org.apache.hadoop.fs.FileContext context =
                    org.apache.hadoop.fs.FileContext.getFileContext(files.getUri(), files.getConf());
            context.rename(temporary, target, Options.Rename.OVERWRITE);
            put = true;
        } finally {
            if (!put) { // Hadoop reports a full local disk as an Error
                files.delete(temporary, false);
            }
        }
    }

    /**
     * Creates a file where there is none of that name; of several that try at once one succeeds.
     *
     * @param content no other's
     * @return whether this one did
     * @throws UnsupportedOperationException if the store cannot
     */
    boolean createNew(String path, byte[] content) throws IOException {
        Optional<java.nio.file.Path> local = localPath(path);
        if (local.isPresent()) { // Hadoop looks and then creates
            try {
                Files.createDirectories(local.get().getParent());
            } catch (NoSuchFileException e) { // the folder above has just been removed
                return false;
            }
            try {
                Files.write(local.get(), content, StandardOpenOption.CREATE_NEW);
                return true;
            } catch (FileAlreadyExistsException | NoSuchFileException e) { // or its folder has just been removed
                return false;
            }
        }
        return NewFile.create(files, at(path), content);
    }

    /** As {@link #atomicPut(String, byte[])}, of a file that others read with {@link #readWhole} meanwhile. */
    void replace(String path, byte[] content) throws IOException {
        Optional<java.nio.file.Path> local = localPath(path);
        if (local.isEmpty()) {
            atomicPut(path, content);
            return;
        }
        // Hadoop keeps a checksum in a second file, and a reader may meet one of the two alone.
        java.nio.file.Path temporary =
                local.get().resolveSibling(local.get().getFileName() + "." + UUID.randomUUID() + TEMPORARY);
        try {
            Files.write(temporary, content);
            Files.move(temporary, local.get(), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /**
     * A small file that others may {@link #replace} meanwhile.
     *
     * @throws FileNotFoundException if there is none
     */
    byte[] readWhole(String path) throws IOException {
        Optional<java.nio.file.Path> local = localPath(path);
        for (int tries = 1; ; tries++) {
            try (InputStream in = local.isPresent() ? Files.newInputStream(local.get()) : open(path)) {
                return in.readAllBytes();
            } catch (FileNotFoundException e) {
                throw e;
            } catch (NoSuchFileException e) {
                throw new FileNotFoundException(e.getMessage());
            } catch (IOException e) { // S3A and HDFS do not go on with a file that was replaced after it was opened
                if (tries == READS) {
                    throw e;
                }
            }
        }
    }

    /** Removes a folder if nothing is in it. */
    void deleteIfEmpty(String path) throws IOException {
        if (!exists(path) || !list(path).isEmpty()) {
            return;
        }
        try {
            files.delete(at(path), false);
        } catch (IOException e) {
            if (list(path).isEmpty()) {
                throw e;
            } // else something has come
        }
    }

    /** Removes what puts into a folder left behind when their process was killed. */
    public void deleteUnfinished(String folder) throws IOException {
        for (String name : list(folder)) {
            if (UNFINISHED.matcher(name).matches()) {
                files.delete(new Path(at(folder), name), false);
            }
        }
    }

    private boolean isObjectStore() {
        return List.of("s3a", "gs", "abfs", "abfss", "oss").contains(files.getScheme());
    }

    private void write(Path path, byte[] content) throws IOException {
        try (OutputStream out = files.create(path, true)) {
            out.write(content);
        }
    }

    @Override
    public Optional<java.nio.file.Path> localPath(String path) {
        return files.getScheme().equals("file")
                ? Optional.of(java.nio.file.Path.of(at(path).toUri().getPath()))
                : Optional.empty();
    }

    /** The state of a file or folder, if it exists. */
    public Optional<FileStatus> status(String path) throws IOException {
        try {
            return Optional.of(files.getFileStatus(at(path)));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    /**
     * Renames a file or folder to a name that is not taken.
     *
     * @throws IOException if the store refuses
     */
    public void rename(String from, String to) throws IOException {
        if (!files.rename(at(from), at(to))) {
            throw new IOException("cannot rename " + at(from) + " to " + at(to));
        }
    }

    /** The full path of a file or folder, for Spark's readers and writers. */
    public String uri(String path) {
        return at(path).toString();
    }

    @Override
    public String toString() {
        return ForeignText.line(files.getScheme().equals("file") ? root.toUri().getPath() : root.toString());
    }
}
