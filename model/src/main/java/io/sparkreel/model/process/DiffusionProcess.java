// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.List;

/** The path between data and noise: how a time is drawn, what the model predicts, how it is trained and walked back. */
public interface DiffusionProcess {
    /**
     * Draws the time of one clip of a batch.
     *
     * @param random the clip's own
     * @param latent shape of all latents of the batch
     * @param facts of the batch
     * @param clip index of the clip in the batch
     */
    float drawTime(KeyedRandom random, LatentShape latent, ClipFacts facts, int clip);

    /** Times spread over the process, at which validation evaluates each clip. */
    float[] validationTimes();

    /**
     * Adds noise to a batch; the current scope owns the result.
     *
     * @param start clean latents [B, C, T, H, W]
     * @param noise of the same shape
     * @param times [B]
     * @param frameMask [B * T], true for a frame that is noised, or null if all are
     */
    Noised noise(Tensors tensors, Tensor start, Tensor noise, float[] times, boolean[] frameMask);

    /** Names of the parts of {@link Terms}, in the order in which they are logged. */
    List<String> lossTerms();

    /** Those of {@link #lossTerms} that are reported of single clips in validation. */
    default List<String> validationTerms() {
        return lossTerms();
    }

    /** Names of the samplers, as configurations have them. */
    List<String> samplers();

    /** The sampler that needs the fewest steps for the clips that training shows. */
    String previewSampler();

    /**
     * A sampler.
     *
     * @param type one of {@link #samplers}
     * @param steps denoising steps
     * @throws io.sparkreel.model.InvalidInputException if there is none of this name, or not with so many steps
     */
    Sampler sampler(String type, int steps, Tensors tensors);

    /** What a sampler has to know of the process that a model was trained with; kept in {@code state.json}. */
    ObjectNode identity();
}
