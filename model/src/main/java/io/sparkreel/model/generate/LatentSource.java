// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.LatentShape;
import java.util.List;
import java.util.function.IntConsumer;

/** Samples latents of one shape. */
@FunctionalInterface
public interface LatentSource {
    /**
     * Samples one latent for each request.
     *
     * @param clip what all clips of the batch look like
     * @param shape of a latent
     * @param progress called with the number of denoising steps done
     * @return latents, each [C, T, h, w], in the order of the requests
     */
    float[][] sample(List<LatentRequest> requests, ClipShape clip, LatentShape shape, IntConsumer progress);
}
