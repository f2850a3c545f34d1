// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.jobs.config.reader.Choice;

/** {@code step_mix}: what the micro-batches of a step have in common. */
public enum StepMix implements Choice {
    /** Nothing. Ranks come out even where each takes four or more. */
    MIXED,
    /** About the same cost: ranks come out even where each takes one or two, but a step shows one kind of clips. */
    SIMILAR
}
