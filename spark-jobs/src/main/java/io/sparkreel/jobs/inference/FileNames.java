// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import java.nio.charset.StandardCharsets;

/** Makes names of files from texts that anybody may have written. */
final class FileNames {
    /** Most file systems allow 255 bytes; numbers and an extension follow. */
    private static final int MOST_BYTES = 200;

    private FileNames() {}

    /** The text without separators, control characters and leading dots, cut to a length that every store takes. */
    static String safe(String text) {
        String name = text.replaceAll("[\\p{Cntrl}/\\\\:*?\"<>|]", "_").strip().replaceAll("^\\.+", "_");
        while (name.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
            name = name.substring(0, name.offsetByCodePoints(name.length(), -1));
        }
        return name.isEmpty() ? "_" : name;
    }
}
