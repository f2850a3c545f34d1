// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.crash;

import io.sparkreel.bucketing.bucket.ClipId;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Keeps a file that crashes the decoder, and with it the process, from being opened again and again.
 *
 * <p>When a process dies, every file that one of its threads had open is suspect, and the decoder need not have been
 * the reason: a job can be killed. So a suspect gets a second chance, with no other file open in the process; if the
 * process dies over it, the file is known to be bad. One per task; all of a job on one node share a folder.
 */
public final class CrashGuard implements AutoCloseable {
    private static final String ALONE = "alone ";
    private static final String TOGETHER = "together ";
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final ReadWriteLock OPENING = new ReentrantReadWriteLock(true);

    private final Path suspects;
    private final Path crashed;
    private final CrashMarks marks;

    /** Without a folder: files are opened as ever, and none is known to crash. */
    private CrashGuard() {
        suspects = null;
        crashed = null;
        marks = null;
    }

    private CrashGuard(Path folder) throws IOException {
        suspects = Files.createDirectories(folder.resolve("suspects"));
        crashed = Files.createDirectories(folder.resolve("crashed"));
        marks = CrashMarks.open(folder);
        for (String mark : marks.leftBehind()) {
            boolean alone = mark.startsWith(ALONE);
            String file = mark.substring(alone ? ALONE.length() : TOGETHER.length());
            Files.writeString(noteOf(alone ? crashed : suspects, file), file);
        }
    }

    /** One that marks nothing, for where there is no folder: it is a safeguard, and no job needs it to work. */
    public static CrashGuard withoutMarks() {
        return new CrashGuard();
    }

    /**
     * @param folder on a disk of the node; marks of processes that died are collected now
     */
    public static CrashGuard open(Path folder) throws IOException {
        return new CrashGuard(folder);
    }

    /**
     * The guard of a job on this node, in {@link #folder}.
     *
     * @throws IOException when the folder cannot be made, or belongs to another user of the node, who could put any
     *     file aside by a note in it
     */
    public static CrashGuard ofJob(String job) throws IOException {
        Path folder = folder(job);
        makeOwn(folder.getParent().getParent());
        return open(folder);
    }

    /** The folder for a job, by the name of its output: a rerun of the job finds it again. */
    public static Path folder(String job) {
        String user = System.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9._-]", "_");
        return Path.of(
                System.getProperty("java.io.tmpdir"),
                "sparkreel-" + user,
                "open-media",
                Long.toHexString(ClipId.of(job, 0)));
    }

    /** Makes a folder that this user alone can read and write, or refuses the one that is there. */
    private static void makeOwn(Path folder) throws IOException {
        if (!folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(folder);
            return;
        }
        try {
            Files.createDirectories(folder.getParent());
            Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (FileAlreadyExistsException there) {
            Path probe = Files.createTempFile("sparkreel", "owner");
            try {
                requireOwner(folder, Files.getOwner(probe));
            } finally {
                Files.delete(probe);
            }
            Files.setPosixFilePermissions(folder, OWNER_ONLY);
        }
    }

    static void requireOwner(Path folder, UserPrincipal user) throws IOException {
        UserPrincipal owner = Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS);
        if (!owner.equals(user)) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "Cannot note which media files are open: %s belongs to %s. Remove it, or set java.io.tmpdir to a folder of %s.",
                    folder,
                    owner.getName(),
                    user.getName()));
        }
    }

    private static Path noteOf(Path folder, String file) {
        return folder.resolve(Long.toHexString(ClipId.of(file, file.length())));
    }

    /** Has a process died over this file when it was the only one open? */
    public boolean isKnownToCrash(String file) {
        return marks != null && Files.exists(noteOf(crashed, file));
    }

    /**
     * To be held while a file is open.
     *
     * @param file its name and state: a changed file is another
     */
    public Opening enter(String file) throws IOException {
        if (marks == null) {
            return new Opening(null, null, null);
        }
        boolean suspect = Files.exists(noteOf(suspects, file));
        Lock lock = suspect ? OPENING.writeLock() : OPENING.readLock();
        lock.lock();
        try {
            return new Opening(
                    marks.mark((suspect ? ALONE : TOGETHER) + file), lock, suspect ? noteOf(suspects, file) : null);
        } catch (IOException | RuntimeException e) {
            lock.unlock();
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        if (marks != null) {
            marks.close();
        }
    }

    /** One file that is open. */
    public static final class Opening implements AutoCloseable {
        private final CrashMarks.Mark mark;
        private final Lock lock;
        private final Path suspicion;

        private Opening(CrashMarks.Mark mark, Lock lock, Path suspicion) {
            this.mark = mark;
            this.lock = lock;
            this.suspicion = suspicion;
        }

        /** The file did no harm. */
        @Override
        public void close() throws IOException {
            if (mark == null) {
                return;
            }
            try {
                mark.close();
                if (suspicion != null) {
                    Files.deleteIfExists(suspicion);
                }
            } finally {
                lock.unlock();
            }
        }
    }
}
