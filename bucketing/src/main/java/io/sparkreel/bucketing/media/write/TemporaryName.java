// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.write;

import java.nio.file.Path;
import java.util.UUID;

/** Names for files that are not finished. */
final class TemporaryName {

    private TemporaryName() {}

    /** A hidden name in the same folder, so that the rename at the end is one of the file system. */
    static Path beside(Path file) {
        Path absolute = file.toAbsolutePath();
        return absolute.resolveSibling("." + absolute.getFileName() + "." + UUID.randomUUID() + ".tmp");
    }
}
