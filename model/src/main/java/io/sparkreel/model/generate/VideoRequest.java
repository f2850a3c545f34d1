// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.generate.MaskStrategy.FrameSource;
import io.sparkreel.model.text.TextFeatures;
import java.util.List;
import java.util.Map;

/**
 * One video to generate.
 *
 * @param seed of all draws, with prompt and sample
 * @param promptId identity of the prompt
 * @param sample which of several samples of the prompt
 * @param captions what each loop shall show
 * @param conditions what each loop is given
 * @param references latent frames [C, h, w] of the prompt's references, at least those that the conditions take
 */
public record VideoRequest(
        long seed,
        long promptId,
        int sample,
        List<TextFeatures> captions,
        LoopConditions conditions,
        Map<FrameSource, float[]> references) {
    public VideoRequest {
        captions = List.copyOf(captions);
        if (captions.size() != conditions.loops().size()) {
            throw new IllegalArgumentException(
                    captions.size() + " captions and " + conditions.loops().size() + " loops");
        }
    }
}
