// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.settings.Choice;

/** {@code scheduler.type} of a training run: the diffusion process. */
public enum SchedulerType implements Choice {
    /** All timesteps alike. */
    IDDPM,
    /** Timesteps at which noise still grows more often, errors where there is hardly any counted less. */
    IDDPM_SPEED
}
