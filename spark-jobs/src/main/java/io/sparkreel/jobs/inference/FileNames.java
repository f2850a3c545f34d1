// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.model.Digests;
import io.sparkreel.model.ForeignText;
import java.nio.charset.StandardCharsets;

/** Makes names of files from texts that anybody may have written. */
final class FileNames {
    /** Most file systems allow 255 bytes; numbers and an extension follow. */
    private static final int MOST_BYTES = 200;
    /** What tells apart two texts that begin alike. */
    private static final int DIGEST_DIGITS = 12;

    private FileNames() {}

    /**
     * The text with separators of folders, control characters and colons, which HDFS refuses, replaced, and without
     * leading dots. Marks that change the direction of text, by which a name shows as another, are left out. A text that
     * is too long is cut and ends with digits of its digest.
     */
    static String safe(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        text.chars()
                .filter(character -> !ForeignText.isDirectionMark(character))
                .forEach(character -> plain.append(ForeignText.isControl(character) ? '_' : (char) character));
        String name = plain.toString().replaceAll("[/\\\\:]", "_").replaceAll("^\\.+", "_");
        if (name.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
            String end = "-" + Digests.sha256(text).substring(0, DIGEST_DIGITS);
            while (name.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES - end.length()) {
                int few = Math.max(1, (name.length() - MOST_BYTES) / 2); // of at most 4 bytes each
                int cut = name.length() - few;
                name = name.substring(0, Character.isLowSurrogate(name.charAt(cut)) ? cut - 1 : cut);
            }
            name += end;
        }
        return name.isBlank() ? "_" : name;
    }
}
