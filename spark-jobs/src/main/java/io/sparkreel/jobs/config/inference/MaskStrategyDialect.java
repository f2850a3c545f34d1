// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

import io.sparkreel.jobs.config.reader.Choice;

/** {@code mask_strategy_dialect}: the order of the numbers in a mask strategy. */
public enum MaskStrategyDialect implements Choice {
    /** reference, loop, reference start, number of frames, location and optionally the edit ratio. */
    REFERENCE_FIRST,
    /** As released in Open-Sora 1.1: loop, reference, reference start, target start, number of frames, edit ratio. */
    LOOP_FIRST;

    @Override
    public String word() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
}
