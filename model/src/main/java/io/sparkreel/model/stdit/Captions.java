// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.stdit;

import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;

/**
 * The captions of a batch, reduced to the tokens that count.
 *
 * <p>The reference packs all kept tokens into one row; padding to the longest caption of the batch and
 * masking the rest is the same sum.
 *
 * @param features [B, L, W]
 * @param bias [B, 1, 1, L], added to attention scores: 0 for a token, a large negative number for padding
 */
public record Captions(Tensor features, Tensor bias) {
    /** Finite, because a softmax over nothing but minus infinity is not a number. */
    private static final float PADDED = -1e9f;

    /**
     * @param values text features [B, slots, W], row-major
     * @param mask [B, slots], true for a token that counts, or null if all do; when it has fewer rows than
     *     there are samples it is repeated
     * @param dropped samples whose features are replaced by those of the null caption; the mask stays
     * @param nullCaption the model's own [slots, W]
     */
    public static Captions of(Tensors tensors, float[] values, int batch, int slots, int width,
            boolean[] mask, boolean[] dropped, float[] nullCaption) {
        int maskRows = mask == null ? 0 : mask.length / slots;
        int longest = mask == null ? slots : longestRow(mask, slots);
        float[] features = new float[batch * longest * width];
        float[] bias = new float[batch * longest];
        for (int b = 0; b < batch; b++) {
            float[] source = dropped != null && dropped[b] ? nullCaption : values;
            int sourceRow = source == nullCaption ? 0 : b * slots;
            int kept = 0;
            for (int slot = 0; slot < slots; slot++) {
                if (mask == null || mask[b % maskRows * slots + slot]) {
                    System.arraycopy(source, (sourceRow + slot) * width, features, (b * longest + kept) * width, width);
                    kept++;
                }
            }
            java.util.Arrays.fill(bias, b * longest + kept, (b + 1) * longest, PADDED);
        }
        return new Captions(tensors.of(features, batch, longest, width), tensors.of(bias, batch, 1, 1, longest));
    }

    private static int longestRow(boolean[] mask, int slots) {
        int longest = 1;
        for (int row = 0; row < mask.length; row += slots) {
            int kept = 0;
            for (int slot = 0; slot < slots; slot++) {
                kept += mask[row + slot] ? 1 : 0;
            }
            longest = Math.max(longest, kept);
        }
        return longest;
    }
}
