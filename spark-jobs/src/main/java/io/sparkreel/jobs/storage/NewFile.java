// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Set;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathIOException;

/** Creates files, of whose content no two are equal, where there are none. */
final class NewFile {
    /** S3A's classes travel beside the jar. */
    private static final String PRECONDITION_FAILED = "RemoteFileChangedException";

    private static final Set<String> REFUSED = Set.of("AWSUnsupportedFeatureException", "AWSBadRequestException");
    /** What S3 says while another request for the same key is under way. */
    private static final String CONFLICT = "Status Code: 409";

    private static final String SWITCHED_OFF = "Conditional Writes Unavailable";

    private final FileSystem files;
    private final Path path;
    private final byte[] content;

    private NewFile(FileSystem files, Path path, byte[] content) {
        this.files = files;
        this.path = path;
        this.content = content;
    }

    /**
     * Creates a file; of several that try at once one succeeds.
     *
     * @param content no other's
     * @return whether this one did
     * @throws UnsupportedOperationException if the store cannot
     */
    static boolean create(FileSystem files, Path path, byte[] content) throws IOException {
        NewFile file = new NewFile(files, path, content);
        if (!files.getScheme().equals("s3a")) {
            return file.exclusive();
        }
        if (!file.conditional()) {
            return false;
        }
        if (file.put()) { // many a store that speaks S3 passes over a condition that it does not know
            files.delete(path, false);
            throw new UnsupportedOperationException(
                    "its store puts a file in place of another, whatever the condition");
        }
        return true;
    }

    private boolean exclusive() throws IOException {
        try (OutputStream out = files.create(path, false)) {
            out.write(content);
        } catch (IOException e) {
            if (files.exists(path)) {
                return isOurs();
            }
            throw e;
        }
        return true;
    }

    private boolean conditional() throws IOException {
        try {
            // The answer to a put may be lost; tried again, it meets the file that it has made.
            return put() || isOurs();
        } catch (IOException | IllegalArgumentException e) {
            if (isUnknown(e)) {
                throw new UnsupportedOperationException("no conditional create", e);
            }
            if (isOurs()) {
                return true;
            }
            throw e;
        }
    }

    /** Whether there was none. */
    private boolean put() throws IOException {
        FSDataOutputStreamBuilder<?, ?> builder = files.createFile(path);
        builder.recursive();
        builder.overwrite(true);
        builder.must(Options.CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE, true);
        try (OutputStream out = (OutputStream) builder.build()) {
            out.write(content);
        } catch (IOException e) {
            if (isTaken(e)) {
                return false;
            }
            throw e;
        }
        return true;
    }

    private static boolean isTaken(IOException failure) {
        return failure instanceof FileAlreadyExistsException
                || failure.getClass().getSimpleName().equals(PRECONDITION_FAILED)
                || String.valueOf(failure.getMessage()).contains(CONFLICT);
    }

    private static boolean isUnknown(Exception failure) {
        return failure instanceof IllegalArgumentException
                || (failure instanceof PathIOException
                        && String.valueOf(failure.getMessage()).contains(SWITCHED_OFF))
                || REFUSED.contains(failure.getClass().getSimpleName());
    }

    private boolean isOurs() throws IOException {
        try (InputStream in = files.open(path)) {
            return Arrays.equals(content, in.readAllBytes());
        } catch (FileNotFoundException e) { // its owner has ended
            return false;
        }
    }
}
