// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.autoencoder.ForwardingCodec;
import io.sparkreel.model.autoencoder.LatentCodec;

/**
 * A codec that decodes one piece at a time, in many codecs one frame, and reports after each that it is alive; a whole
 * clip may take longer than other ranks have patience.
 */
final class PieceByPiece extends ForwardingCodec {
    private final LatentCodec codec;
    private final Runnable alive;

    PieceByPiece(LatentCodec codec, Runnable alive) {
        this.codec = codec;
        this.alive = alive;
    }

    @Override
    protected LatentCodec codec() {
        return codec;
    }

    @Override
    public float[] decode(float[] latent, int frames, int latentHeight, int latentWidth) {
        CodecGeometry geometry = codec.geometry();
        if (geometry.pieceFrames() == CodecGeometry.WHOLE_CLIP) {
            float[] pixels = codec.decode(latent, frames, latentHeight, latentWidth);
            alive.run();
            return pixels;
        }
        int frameSize = 3 * latentHeight * latentWidth * geometry.spatialFactor() * geometry.spatialFactor();
        float[] pixels = new float[frames * frameSize];
        int latentFrames = geometry.latentFrames(frames);
        int area = latentHeight * latentWidth;
        for (int begin = 0, from = 0; begin < frames; begin += geometry.pieceFrames()) {
            int count = Math.min(geometry.pieceFrames(), frames - begin);
            int latentCount = geometry.latentFrames(count);
            float[] piece = new float[geometry.channels() * latentCount * area]; // [C, t, h, w]
            for (int channel = 0; channel < geometry.channels(); channel++) {
                int source = (channel * latentFrames + from) * area;
                System.arraycopy(latent, source, piece, channel * latentCount * area, latentCount * area);
            }
            float[] decoded = codec.decode(piece, count, latentHeight, latentWidth);
            System.arraycopy(decoded, 0, pixels, begin * frameSize, decoded.length);
            alive.run();
            from += latentCount;
        }
        return pixels;
    }
}
