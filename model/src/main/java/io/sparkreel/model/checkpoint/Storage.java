// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.checkpoint.safetensors.RangedFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A folder of files, on a local disk or anywhere else. Paths are relative to the folder, with {@code /} between their
 * parts; the empty path is the folder itself. Missing parent folders are made when a file is written.
 */
public interface Storage {

    /** Opens a file for reading from its beginning. */
    InputStream open(String path) throws IOException;

    /** Opens a file of which ranges are to be read. */
    RangedFile openRanged(String path) throws IOException;

    /** Creates a file, replacing one of that name. When the stream is closed without error the content is durable. */
    OutputStream create(String path) throws IOException;

    /** The names, sorted, of the files and folders directly inside a folder; none if there is no such folder. */
    List<String> list(String folder) throws IOException;

    /** Bytes of a file. */
    long size(String path) throws IOException;

    /** Whether there is a file or folder of that path. */
    boolean exists(String path) throws IOException;

    /** Removes a file, or a folder with all it holds; does nothing if there is neither. */
    void delete(String path) throws IOException;

    /** Puts a small file in place in one step: readers see the old content, or none, or all of the new. */
    void atomicPut(String path, byte[] content) throws IOException;

    /** Where the file lies on the local disk, if it does. */
    Optional<Path> localPath(String path);

    /** The folder as a person would name it, for messages. */
    @Override
    String toString();
}
