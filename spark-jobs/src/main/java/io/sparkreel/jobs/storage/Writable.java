// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import io.sparkreel.jobs.error.UserError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.Path;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Finds out before Spark starts whether a job can write to the folder it was given. Each store has rights of its own,
 * so a file is written and deleted.
 */
final class Writable {
    private static final Logger LOG = LogManager.getLogger(Writable.class);
    private static final String PROBE = ".sparkreel-probe-";
    private static final int LOOKS = 10;

    private Writable() {}

    /**
     * Leaves the store as it was, apart from the time of the folder's last change.
     *
     * @param option how the user names the folder, such as "--output"
     * @throws UserError if nothing can be written there
     */
    static void require(Configuration hadoop, String folder, String option) throws IOException {
        HadoopStorage storage = new HadoopStorage(hadoop, folder);
        try {
            for (int tries = 1; !look(storage, hadoop, tries == LOOKS); tries++) {
                LOG.debug("{} was removed by another look at it", storage);
            }
        } catch (IOException | FSError e) { // Hadoop reports a full local disk as an Error
            throw new UserError(
                    "Cannot write to " + storage + ": " + reason(e) + ". Give another " + option
                            + ", or mend the rights or the space of this one.",
                    e);
        }
    }

    /**
     * Puts a file and removes it.
     *
     * @return whether nothing came between: another job that looks at the same time may remove the folder, which it has
     *     made, before the file is there
     */
    private static boolean look(HadoopStorage storage, Configuration hadoop, boolean last) throws IOException {
        String probe = PROBE + UUID.randomUUID();
        Deque<Path> missing = missing(storage, hadoop);
        try {
            storage.atomicPut(probe, new byte[] {1});
        } catch (FileNotFoundException e) {
            if (last) {
                throw e;
            }
            return false;
        }
        storage.delete(probe);
        removeEmpty(missing, hadoop);
        return true;
    }

    /** The folders that the first file will make, the outermost first. */
    private static Deque<Path> missing(HadoopStorage storage, Configuration hadoop) throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        Path folder = new Path(storage.uri(""));
        FileSystem files = folder.getFileSystem(hadoop);
        for (Path each = folder; each != null; each = each.getParent()) {
            FileStatus status = status(files, each);
            if (status != null) {
                if (status.isFile()) {
                    throw new IOException(each.equals(folder) ? "it is a file" : each + " is a file");
                }
                break;
            }
            missing.addFirst(each);
        }
        return missing;
    }

    private static FileStatus status(FileSystem files, Path path) throws IOException {
        try {
            return files.getFileStatus(path);
        } catch (FileNotFoundException | ParentNotDirectoryException e) {
            return null;
        }
    }

    /** What another job has begun to fill in the meantime stays. */
    private static void removeEmpty(Deque<Path> folders, Configuration hadoop) throws IOException {
        while (!folders.isEmpty()) {
            Path folder = folders.removeLast();
            FileSystem files = folder.getFileSystem(hadoop);
            if (status(files, folder) == null) { // object stores have no folders of their own
                continue;
            }
            try {
                files.delete(folder, false);
            } catch (IOException filled) {
                return;
            }
        }
    }

    private static String reason(Throwable failure) {
        String text = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        return text.lines().findFirst().orElse(text).strip().replaceAll("\\.$", "");
    }
}
