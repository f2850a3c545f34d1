// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The folder that the job was started in. Executors run in folders of their own; a relative path of the local disk means
 * the same file to them as to the driver only if they know it.
 */
public final class DriverFolder {
    /** Key of a Hadoop configuration that travels from the driver to executors. */
    public static final String KEY = "sparkreel.driver.folder";

    private DriverFolder() {}

    /** The full path of what a user has named. */
    public static Path qualify(Path path, FileSystem files, Configuration configuration) {
        String folder = configuration.get(KEY);
        boolean relative = !path.isAbsolute() && path.toUri().getScheme() == null;
        return files.makeQualified(
                relative && folder != null && files.getUri().getScheme().equals("file")
                        ? new Path(new Path("file", null, folder), path)
                        : path);
    }
}
