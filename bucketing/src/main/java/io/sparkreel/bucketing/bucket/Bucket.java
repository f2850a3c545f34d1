// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

/**
 * Clips that can stand in one batch.
 *
 * @param resolution name of the resolution
 * @param frames frames of a sample, 1 for images
 * @param aspect label of the aspect ratio
 * @param height target height in pixels
 * @param width target width in pixels
 */
public record Bucket(String resolution, int frames, String aspect, int height, int width) {

    static Bucket of(Resolution resolution, int frames, AspectRatio shape) {
        return new Bucket(resolution.name(), frames, shape.label(), shape.height(), shape.width());
    }

    /** Name of the pair of resolution and frames, such as {@code 480p-16}; keys the random draw. */
    public static String tag(String resolution, int frames) {
        return resolution + "-" + frames;
    }

    /** Name of the bucket, such as {@code 480p-16-0.56}. */
    public String id() {
        return tag(resolution, frames) + "-" + aspect;
    }
}
