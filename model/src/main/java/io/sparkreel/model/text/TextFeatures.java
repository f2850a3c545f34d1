// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

/**
 * Encoded texts: what cross-attention looks at.
 *
 * @param values [B, L, D], the last dimension varying fastest
 * @param mask [B, L], true where a slot belongs to the text, false where it is padding; true at least once for each
 *     text
 * @param batch B, the number of texts
 * @param slots L, the number of slots of each text
 * @param width D, the width of one slot
 */
public record TextFeatures(float[] values, boolean[] mask, int batch, int slots, int width) {
    public TextFeatures {
        if (values.length != (long) batch * slots * width || mask.length != (long) batch * slots) {
            throw new IllegalArgumentException(values.length + " values and a mask of " + mask.length + " are not ["
                    + batch + ", " + slots + ", " + width + "] and [" + batch + ", " + slots + "]");
        }
    }

    /**
     * One text.
     *
     * @param values [L, D]
     * @param mask [L]
     */
    public static TextFeatures single(float[] values, boolean[] mask) {
        return new TextFeatures(values, mask, 1, mask.length, values.length / mask.length);
    }
}
