// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

import io.sparkreel.jobs.config.reader.Choice;

/** {@code carry}: how the end of one part of a long video reaches the next part. */
public enum CarryMode implements Choice {
    /** Decoded to pixels and encoded again, as Open-Sora 1.1 does. */
    DECODED,
    /** As latents: no loss and no work between. */
    LATENTS
}
