// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import java.util.regex.Pattern;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Names that a file system allows and Hadoop or Spark would read as something else. */
public final class Names {
    private static final Pattern ADDRESS = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:/.*", Pattern.DOTALL);

    private Names() {}

    /** The path of what a user has named: a colon in a relative name ends no scheme. */
    public static Path path(String name) {
        boolean relative = name.indexOf(':') >= 0 && !ADDRESS.matcher(name).matches() && !name.startsWith("/");
        return new Path(relative ? "./" + name : name);
    }

    /** A file in a folder, whatever its name. */
    public static Path child(Path folder, String name) {
        return new Path(folder, new Path("./" + name));
    }

    /** The file system without the checksums of its own, whose names cannot follow all names of files. */
    public static FileSystem plain(FileSystem files) {
        return files instanceof ChecksumFileSystem checked ? checked.getRawFileSystem() : files;
    }
}
