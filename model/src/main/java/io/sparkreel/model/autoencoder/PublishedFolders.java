// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import java.io.IOException;
import java.nio.file.Path;

/** Finds published weights on this machine, or brings them there. */
@FunctionalInterface
public interface PublishedFolders {
    /**
     * The local folder of some weights.
     *
     * @param name a folder, or hub id
     * @param localFilesOnly whether a hub id is only looked up, and never downloaded
     * @param sizesOnly whether {@code config.json} alone is needed
     */
    Path find(String name, boolean localFilesOnly, boolean sizesOnly) throws IOException;
}
