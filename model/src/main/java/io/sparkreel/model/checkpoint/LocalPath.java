// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.InvalidInputException;
import java.net.URI;
import java.nio.file.Path;

/** A file or folder of this machine as a command line names it. */
public final class LocalPath {
    private LocalPath() {}

    /**
     * A path, or a {@code file:} address.
     *
     * @throws InvalidInputException if it is an address of another store
     */
    public static Path of(String word) {
        if (word.matches("file:/.*")) {
            return Path.of(URI.create(word.replaceFirst("^file:/+", "/").replace(" ", "%20"))
                    .getPath());
        }
        if (word.matches("[A-Za-z][A-Za-z0-9+.-]+:/.*")) {
            throw new InvalidInputException("Cannot open " + word + ": it is not on this machine. "
                    + "Give a folder here, and copy from or to there with hadoop fs.");
        }
        return Path.of(word);
    }
}
