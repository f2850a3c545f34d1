// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

import io.sparkreel.model.settings.Choice;

/** {@code aspect_condition}: which way round sampling tells the model the aspect ratio. */
public enum AspectCondition implements Choice {
    /** Height / width. Open-Sora 1.1 samples so, although it trains with the inverse. */
    AS_RELEASED,
    /** Width / height, as in training. */
    AS_TRAINED
}
