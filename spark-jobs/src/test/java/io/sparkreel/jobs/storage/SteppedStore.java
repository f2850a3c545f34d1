// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * An object store of this disk, {@code gs://steps/...}, whose process may end at any of its commits' steps. A step puts
 * or removes an object that is no part of a table being written. Once the process has ended, nothing changes any more.
 */
public final class SteppedStore extends RawLocalFileSystem {
    private static final URI ROOT = URI.create("gs://steps");

    /** Signs of life, what Spark has under way, and the files of tables before the manifest names them. */
    private static final Pattern NO_STEP =
            Pattern.compile(".*(/_temporary|/_SUCCESS|/run=.*/|/\\Q" + FolderLease.FOLDER + "\\E|/probing/).*");

    private static Pattern commits = Pattern.compile("");
    private static final List<String> STEPS = new ArrayList<>();
    private static int last = Integer.MAX_VALUE;
    private static Action atLast;
    private static boolean ended;

    /** What happens in the step at which the process ends. */
    public interface Action {
        void run(String step) throws Exception;
    }

    /** What every call gets once the process has ended. */
    private static final class Ended extends IOException implements Serializable {
        private static final long serialVersionUID = 1L;

        Ended() {
            super("this process has ended");
        }
    }

    /** Lets a configuration find the store. */
    public static void serveIn(Configuration hadoop) {
        hadoop.set("fs.gs.impl", SteppedStore.class.getName());
    }

    /** The address of a folder of this disk. */
    public static String address(java.nio.file.Path folder) {
        return ROOT + folder.toString();
    }

    /**
     * Starts a process.
     *
     * @param names of the files and folders whose putting or removing is a step
     * @param step at which it ends, from 0
     * @param action before that
     */
    public static synchronized void begin(String names, int step, Action action) {
        STEPS.clear();
        commits = Pattern.compile(names);
        last = step;
        atLast = action;
        ended = false;
    }

    /** Whether the process has come to the step at which it was to end. */
    public static synchronized boolean hasEnded() {
        return ended;
    }

    /** The steps taken so far. */
    public static synchronized List<String> steps() {
        return List.copyOf(STEPS);
    }

    private static void change(String kind, Path path) throws IOException {
        String name = path.toUri().getPath();
        Action action = null;
        synchronized (SteppedStore.class) {
            if (ended) {
                throw new Ended();
            }
            if (NO_STEP.matcher(name).matches()
                    || !commits.matcher(path.getName()).matches()) {
                return;
            }
            if (STEPS.size() == last) {
                action = atLast;
            }
            STEPS.add(kind + " " + path.getName());
        }
        if (action == null) {
            return;
        }
        try {
            action.run(kind + " " + name); // signs of life go on meanwhile
        } catch (Exception e) {
            throw new IOException(e);
        } finally {
            synchronized (SteppedStore.class) {
                ended = true;
            }
        }
        throw new Ended();
    }

    /** An object that is there, whole, when its stream is closed. */
    private static final class Whole extends ByteArrayOutputStream {
        private final java.nio.file.Path target;
        private final boolean overwrite;

        Whole(Path path, boolean overwrite) {
            target = java.nio.file.Path.of(path.toUri().getPath());
            this.overwrite = overwrite;
        }

        @Override
        public void close() throws IOException {
            Files.createDirectories(target.getParent());
            if (!overwrite) {
                Files.write(target, toByteArray(), StandardOpenOption.CREATE_NEW);
                return;
            }
            java.nio.file.Path temporary =
                    Files.createTempFile(target.getParent().getParent(), "object", null);
            Files.write(temporary, toByteArray());
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    @Override
    public URI getUri() {
        return ROOT;
    }

    @Override
    public String getScheme() {
        return ROOT.getScheme();
    }

    @Override
    public FSDataOutputStream create(
            Path path, boolean overwrite, int buffer, short replication, long block, Progressable progress)
            throws IOException {
        change("put", path);
        return path.getParent().getName().equals(FolderLease.FOLDER)
                ? new FSDataOutputStream(new Whole(path, overwrite), null)
                : super.create(path, overwrite, buffer, replication, block, progress);
    }

    @Override
    public FSDataOutputStream create(
            Path path,
            FsPermission permission,
            boolean overwrite,
            int buffer,
            short replication,
            long block,
            Progressable progress)
            throws IOException {
        change("put", path);
        return super.create(path, permission, overwrite, buffer, replication, block, progress);
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        change("put", to);
        return super.rename(from, to);
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        if (Files.exists(java.nio.file.Path.of(path.toUri().getPath()))) {
            change("remove", path);
        }
        return super.delete(path, recursive);
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        return plain(super.getFileStatus(path));
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        return Arrays.stream(super.listStatus(path)).map(SteppedStore::plain).toArray(FileStatus[]::new);
    }

    /** Without permissions, which the superclass looks up by an address of its own. */
    private static FileStatus plain(FileStatus status) {
        return new FileStatus(
                status.getLen(),
                status.isDirectory(),
                status.getReplication(),
                status.getBlockSize(),
                status.getModificationTime(),
                status.getPath());
    }
}
