// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

/**
 * Pieces of 17 frames make 5 latent frames each, and the m frames of the last one ceil(m / 4): the codec of Open-Sora
 * 1.2. Every length is legal.
 */
public record PieceGeometry(int channels, int spatialFactor) implements CodecGeometry {
    private static final int PIECE = 17;
    private static final int LATENT_PIECE = 5;
    private static final int FACTOR = 4;

    @Override
    public int latentFrames(int frames) {
        return frames / PIECE * LATENT_PIECE + (frames % PIECE + FACTOR - 1) / FACTOR;
    }

    @Override
    public int frames(int latentFrames) {
        return latentFrames / LATENT_PIECE * PIECE + latentFrames % LATENT_PIECE * FACTOR;
    }

    @Override
    public int nearestFrames(int frames) {
        return Math.max(1, frames);
    }

    @Override
    public int pieceFrames() {
        return PIECE;
    }
}
