// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;

/**
 * The name of a clip in every table and draw. It depends on the path below the input folder, the length of the file and
 * the part of it that the clip is, so that copies of a data set on other storage choose the same buckets.
 */
public final class ClipId {

    private ClipId() {}

    /**
     * Spark's {@code xxhash64(path, bytes)} of the normalised path.
     *
     * @param relativePath path below the input folder, separated by '/'
     * @param bytes length of the file
     */
    public static long of(String relativePath, long bytes) {
        byte[] path = normalise(relativePath).getBytes(StandardCharsets.UTF_8);
        return XxHash64.hash(bytes, XxHash64.hash(path, XxHash64.SPARK_SEED));
    }

    /**
     * The name of a part of a file: Spark's {@code xxhash64(path, bytes, ...)} with the numbers of the part.
     *
     * @param part numbers that tell the part from others, as {@link
     *     io.sparkreel.bucketing.media.range.Excerpt#numbers} gives them; none: all of the file
     */
    public static long of(String relativePath, long bytes, int[] part) {
        long id = of(relativePath, bytes);
        for (int number : part) {
            id = XxHash64.hash(number, id);
        }
        return id;
    }

    /** Unicode composed (NFC, since some file systems decompose names), no empty or "." parts. */
    static String normalise(String relativePath) {
        String path = Normalizer.normalize(relativePath, Normalizer.Form.NFC).replaceAll("/+", "/");
        String previous;
        do {
            previous = path;
            path = path.replace("/./", "/").replaceFirst("^\\.?/", "");
        } while (!path.equals(previous));
        return path;
    }
}
