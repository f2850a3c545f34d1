// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

/** {@code 1 + k n} frames make {@code 1 + n} latent frames. */
record CausalGeometry(int channels, int spatialFactor, int temporalFactor) implements CodecGeometry {
    CausalGeometry {
        if (temporalFactor < 2) {
            throw new IllegalArgumentException("a temporal factor of " + temporalFactor + " compresses nothing");
        }
    }

    @Override
    public int latentFrames(int frames) {
        if (!isLegal(frames)) {
            throw new InvalidInputException("Cannot encode " + frames + " frames: this codec takes 1, "
                    + (1 + temporalFactor) + ", " + (1 + 2 * temporalFactor) + " and so on, always one more than a"
                    + " multiple of " + temporalFactor + ". Take " + nearestFrames(frames) + ".");
        }
        return 1 + (frames - 1) / temporalFactor;
    }

    @Override
    public int frames(int latentFrames) {
        return 1 + temporalFactor * (latentFrames - 1);
    }

    @Override
    public int nearestFrames(int frames) {
        return 1 + temporalFactor * (Math.max(0, frames - 1 + (temporalFactor - 1) / 2) / temporalFactor);
    }

    @Override
    public int pieceFrames() {
        return WHOLE_CLIP;
    }
}
