// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.signal.SignalOptions;
import io.sparkreel.model.settings.Choice;

/** Of which pictures signals are taken. */
public enum SignalSize implements Choice {
    /** Of pictures whose longer side has at most 256 pixels. */
    SMALL,
    /** Of pictures as they are decoded. */
    FULL;

    @Override
    public String word() {
        return this == SMALL ? Integer.toString(SignalOptions.SIZE) : "full";
    }

    /** Longest side in pixels; 0: as decoded. */
    int pixels() {
        return this == SMALL ? SignalOptions.SIZE : 0;
    }
}
