// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.generate.VideoGenerator;

/**
 * A codec that decodes one frame at a time and tells after each that it is alive; a whole clip may take longer than
 * other ranks have patience. All codecs here treat every frame by itself.
 */
record FrameByFrame(LatentCodec codec, Runnable alive) implements LatentCodec {
    @Override
    public int channels() {
        return codec.channels();
    }

    @Override
    public int spatialFactor() {
        return codec.spatialFactor();
    }

    @Override
    public float[] encode(float[] pixels, int frames, int height, int width, KeyedRandom latentNoise) {
        return codec.encode(pixels, frames, height, width, latentNoise);
    }

    @Override
    public float[] decode(float[] latent, int frames, int latentHeight, int latentWidth) {
        int size = 3 * latentHeight * latentWidth * codec.spatialFactor() * codec.spatialFactor();
        float[] pixels = new float[frames * size];
        float[][] parts = VideoGenerator.split(latent, frames, codec.channels());
        for (int frame = 0; frame < frames; frame++) {
            System.arraycopy(codec.decode(parts[frame], 1, latentHeight, latentWidth), 0, pixels, frame * size, size);
            alive.run();
        }
        return pixels;
    }

    @Override
    public void close() {
        codec.close();
    }
}
