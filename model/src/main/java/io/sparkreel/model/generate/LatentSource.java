// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import java.util.List;
import java.util.function.IntConsumer;

/** Draws latents of one shape. */
@FunctionalInterface
public interface LatentSource {
    /**
     * Draws one latent for each request.
     *
     * @param clip what all clips of the batch look like
     * @param latentHeight rows of a latent
     * @param latentWidth columns of a latent
     * @param progress told the number of denoising steps done
     * @return latents, each [C, T, h, w], in the order of the requests
     */
    float[][] draw(
            List<LatentRequest> requests, ClipShape clip, int latentHeight, int latentWidth, IntConsumer progress);
}
