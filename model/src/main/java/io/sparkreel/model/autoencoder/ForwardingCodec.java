// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.CodecGeometry;

/** A codec that leaves everything to another one; subclasses change what they are there for. */
public abstract class ForwardingCodec implements LatentCodec {
    /** The codec that does the work. */
    protected abstract LatentCodec codec();

    @Override
    public CodecGeometry geometry() {
        return codec().geometry();
    }

    @Override
    public LatentDistribution distribution(float[] pixels, int frames, int height, int width) {
        return codec().distribution(pixels, frames, height, width);
    }

    @Override
    public float[] decode(float[] latent, int frames, int latentHeight, int latentWidth) {
        return codec().decode(latent, frames, latentHeight, latentWidth);
    }

    @Override
    public void close() {
        codec().close();
    }
}
