// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

/** One latent frame for each frame; every length is legal. */
record FrameByFrameGeometry(int channels, int spatialFactor) implements CodecGeometry {
    @Override
    public int latentFrames(int frames) {
        return frames;
    }

    @Override
    public int frames(int latentFrames) {
        return latentFrames;
    }

    @Override
    public int nearestFrames(int frames) {
        return Math.max(1, frames);
    }

    @Override
    public int pieceFrames() {
        return 1;
    }
}
