// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.Path;

/**
 * A folder that is listed, and what Hadoop's listing does not say of one on a disk: links that lead back, names that are
 * no text, and what is no regular file. Of folders elsewhere nothing of this is known.
 *
 * @param path of the folder
 * @param above where the folders on the way to it really are; null elsewhere than on a disk
 * @param real where it really is; null elsewhere than on a disk
 */
record LocalFolder(Path path, Set<java.nio.file.Path> above, java.nio.file.Path real) {

    /**
     * A folder to be listed.
     *
     * @param root the input, which may itself be a link to anywhere; the folder is in it or is it
     */
    static LocalFolder of(Path root, Path folder) throws IOException {
        if (!isLocal(folder)) {
            return new LocalFolder(folder, null, null);
        }
        java.nio.file.Path top = java.nio.file.Path.of(root.toUri().getPath());
        java.nio.file.Path local = java.nio.file.Path.of(folder.toUri().getPath());
        Set<java.nio.file.Path> above = new HashSet<>();
        for (java.nio.file.Path each = local; each.startsWith(top) && !each.equals(top); ) {
            each = each.getParent();
            above.add(each.toRealPath());
        }
        return new LocalFolder(folder, above, local.toRealPath());
    }

    private static boolean isLocal(Path path) {
        return "file".equals(path.toUri().getScheme());
    }

    LocalFolder child(Path folder) {
        if (real == null) {
            return new LocalFolder(folder, null, null);
        }
        Set<java.nio.file.Path> way = new HashSet<>(above);
        way.add(real);
        try {
            return new LocalFolder(
                    folder, way, java.nio.file.Path.of(folder.toUri().getPath()).toRealPath());
        } catch (IOException gone) {
            return new LocalFolder(folder, null, null); // which listing it tells
        }
    }

    /** Whether a link led here from below. */
    boolean isInItself() {
        return real != null && above.contains(real);
    }

    /** Whether a path is that of a pipe, a socket or a device, which would be waited for. */
    static boolean isSpecial(Path path) {
        if (!isLocal(path)) {
            return false;
        }
        java.nio.file.Path file = java.nio.file.Path.of(path.toUri().getPath());
        return Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file);
    }

    /** Entries that a listing passes over. */
    List<LeftOut> unreadable() {
        List<LeftOut> found = new ArrayList<>();
        String[] names = real == null ? null : real.toFile().list();
        for (String name : names == null ? new String[0] : names) {
            java.nio.file.Path file = pathOf(name);
            if (file == null || !Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                found.add(LeftOut.UNREADABLE_NAME);
            } else if (!Files.exists(file)) {
                found.add(LeftOut.DANGLING_LINK);
            }
        }
        return found;
    }

    private java.nio.file.Path pathOf(String name) {
        try {
            return real.resolve(name);
        } catch (java.nio.file.InvalidPathException e) {
            return null;
        }
    }
}
