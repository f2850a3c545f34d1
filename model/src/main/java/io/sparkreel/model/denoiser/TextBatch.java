// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.Arrays;
import java.util.List;

/**
 * The captions of a batch, reduced to the tokens that count.
 *
 * <p>The reference packs all kept tokens into one row; padding to the longest caption of the batch and
 * masking the rest is the same sum.
 *
 * @param features [B, L, W]
 * @param bias [B, 1, 1, L], added to attention scores: 0 for a token, a large negative number for padding
 */
public record TextBatch(Tensor features, Tensor bias) {
    /** Finite, because a softmax over nothing but minus infinity is not a number. */
    private static final float PADDED = -1e9f;

    /**
     * @param width of a token
     * @param features of each sample [slots, W], row-major; those of a dropped caption are the model's null caption
     * @param masks of each sample [slots], true for a token that counts
     */
    public static TextBatch of(Tensors tensors, int width, List<float[]> features, List<boolean[]> masks) {
        int batch = masks.size();
        int longest = masks.stream().mapToInt(TextBatch::kept).reduce(1, Math::max);
        float[] bias = new float[batch * longest];
        Tensor tokens = tensors.of(
                values -> {
                    for (int b = 0; b < batch; b++) {
                        int kept = 0;
                        for (int slot = 0; slot < masks.get(b).length; slot++) {
                            if (masks.get(b)[slot]) {
                                values.put((b * longest + kept) * width, features.get(b), slot * width, width);
                                kept++;
                            }
                        }
                        Arrays.fill(bias, b * longest + kept, (b + 1) * longest, PADDED);
                    }
                },
                batch,
                longest,
                width);
        return new TextBatch(tokens, tensors.of(bias, batch, 1, 1, longest));
    }

    private static int kept(boolean[] mask) {
        int kept = 0;
        for (boolean counts : mask) {
            kept += counts ? 1 : 0;
        }
        return kept;
    }
}
