// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.parts;

import io.sparkreel.bucketing.media.write.VideoWriter;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.InvalidInputException;

/**
 * The size of generated clips.
 *
 * @param height pixels
 * @param width pixels
 */
public record GeneratedSize(int height, int width) {
    /**
     * The size of the clips that come of a wanted one: as many whole blocks of the codec as it holds.
     *
     * @param height pixels that are wanted
     * @param width pixels that are wanted
     * @param mp4 whether clips are written as mp4
     * @throws InvalidInputException if the codec or the file cannot have it
     */
    public static GeneratedSize of(CodecGeometry codec, int height, int width, boolean mp4) {
        GeneratedSize size = new GeneratedSize(
                codec.latentSide(height) * codec.spatialFactor(), codec.latentSide(width) * codec.spatialFactor());
        if (size.height() == 0 || size.width() == 0) {
            throw new InvalidInputException("Cannot generate clips of " + height + "x" + width
                    + " pixels: the vae makes blocks of " + codec.spatialFactor() + "x" + codec.spatialFactor()
                    + ". Give a larger image_size.");
        }
        if (mp4 && !VideoWriter.holds(size.width(), size.height())) {
            throw new InvalidInputException("Cannot generate clips of " + height + "x" + width
                    + " pixels: they would be of " + size + ", and an mp4 takes " + VideoWriter.SIZES
                    + ". Give another image_size.");
        }
        return size;
    }

    /** Height first. */
    @Override
    public String toString() {
        return height + "x" + width;
    }
}
