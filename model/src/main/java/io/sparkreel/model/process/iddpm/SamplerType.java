// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.settings.Choice;

/** {@code scheduler.type} of an inference run: how a sampler walks from noise to a latent. */
public enum SamplerType implements Choice {
    /** With fresh noise in every step, as the model was trained: the reference's. */
    IDDPM,
    /** Deterministic, of first order. */
    DDIM,
    /** DPM-Solver++: deterministic, of second order; good in few steps. */
    DPM_SOLVER
}
