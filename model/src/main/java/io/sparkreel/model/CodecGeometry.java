// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

/**
 * How a codec maps sizes in pixels to sizes of latents. A frame of pixels and a frame of a latent are two things, and
 * only the codec converts between them: one to one, {@code 1 + 4n} to {@code 1 + n}, or pieces of 17 to 5.
 */
public interface CodecGeometry {
    /** {@link #pieceFrames} of a codec that encodes a clip as a whole. */
    int WHOLE_CLIP = Integer.MAX_VALUE;

    /** Channels of a latent. */
    int channels();

    /** Pixels of one side that make one latent row or column. */
    int spatialFactor();

    /**
     * Latent frames of a clip.
     *
     * @param frames pixel frames, a legal length
     * @throws InvalidInputException if the codec does not take clips of this length; the message names the nearest
     */
    int latentFrames(int frames);

    /** Pixel frames of a clip of this many latent frames; where several lengths have as many, the longest. */
    int frames(int latentFrames);

    /** The legal length nearest to this one; of two that are equally near, the shorter. */
    int nearestFrames(int frames);

    /** Pixel frames that are encoded without regard to any other; {@link #WHOLE_CLIP} if all depend on each other. */
    int pieceFrames();

    /** Whether the codec takes clips of this length. */
    default boolean isLegal(int frames) {
        return frames >= 1 && nearestFrames(frames) == frames;
    }

    /** The longest legal length that is at most {@code frames}. */
    default int legalFramesWithin(int frames) {
        int legal = frames;
        while (!isLegal(legal)) {
            legal--;
        }
        return legal;
    }

    /** Latent frames of a whole piece; {@link #WHOLE_CLIP} if the codec knows no pieces. */
    default int pieceLatentFrames() {
        return pieceFrames() == WHOLE_CLIP ? WHOLE_CLIP : latentFrames(pieceFrames());
    }

    /** Latent rows or columns of a side of this many pixels; pixels beyond the last whole one are left out. */
    default int latentSide(int pixels) {
        return pixels / spatialFactor();
    }

    /**
     * The shape of a clip's latent.
     *
     * @param frames pixel frames, a legal length
     * @param height pixels
     * @param width pixels
     */
    default LatentShape latent(int frames, int height, int width) {
        return new LatentShape(channels(), latentFrames(frames), latentSide(height), latentSide(width));
    }

    /** A codec that encodes every frame by itself. */
    static CodecGeometry frameByFrame(int channels, int spatialFactor) {
        return new FrameByFrameGeometry(channels, spatialFactor);
    }

    /**
     * A causal codec: the first latent frame is the first frame, each other one holds {@code temporalFactor} frames, and
     * depends on no later ones. Legal lengths are {@code 1 + temporalFactor * n}.
     *
     * @param temporalFactor at least 2
     */
    static CodecGeometry causal(int channels, int spatialFactor, int temporalFactor) {
        return new CausalGeometry(channels, spatialFactor, temporalFactor);
    }
}
