// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

/**
 * An encoded text.
 *
 * @param features [L, W]
 * @param mask [L], true for a token that counts
 */
public record Caption(float[] features, boolean[] mask) {}
