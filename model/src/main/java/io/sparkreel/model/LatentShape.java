// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

/** The shape [C, T, h, w] of one latent: channels, latent frames, rows and columns. */
public record LatentShape(int channels, int frames, int height, int width) {
    /** The number of values of one latent. */
    public int elements() {
        return Math.multiplyExact(Math.multiplyExact(channels, frames), Math.multiplyExact(height, width));
    }

    /** The dimensions of a batch of these, [B, C, T, h, w]. */
    public long[] batch(int size) {
        return new long[] {size, channels, frames, height, width};
    }
}
