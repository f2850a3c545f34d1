// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

/** How the end of one part of a long video reaches the next part. */
public enum Carry {
    /** Decoded to pixels and encoded again, as the reference does. */
    DECODED,
    /** As the latents that were drawn. */
    LATENTS
}
