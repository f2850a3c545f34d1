// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.InvalidInputException;

/**
 * One file of a checkpoint, as its manifest lists it.
 *
 * @param path relative to the checkpoint's folder, with {@code /} between its parts
 * @param bytes its size
 * @param sha256 its SHA-256 in lower-case hexadecimal, as {@code sha256sum} prints it
 */
public record CheckpointFile(String path, long bytes, String sha256) {
    public CheckpointFile {
        if (path == null
                || !path.matches("[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
                || path.matches("(.*/)?\\.{1,2}(/.*)?")) {
            throw new InvalidInputException("Cannot list the checkpoint file '" + path
                    + "': it is not a relative path of letters, digits, '.', '_' and '-'. Rename the file.");
        }
        if (bytes < 0 || sha256 == null || !sha256.matches("[0-9a-f]{64}")) {
            throw new InvalidInputException("Cannot list the checkpoint file '" + path + "': its size is " + bytes
                    + " and its checksum '" + sha256 + "'. Give a size and a SHA-256.");
        }
    }
}
