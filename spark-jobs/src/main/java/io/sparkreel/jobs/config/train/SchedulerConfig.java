// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.jobs.config.reader.Check;
import io.sparkreel.jobs.config.reader.Default;
import io.sparkreel.jobs.config.reader.Section;

/**
 * {@code scheduler} of a training run: the diffusion process and its loss.
 *
 * @param type the process
 * @param timestepRespacing which of the 1,000 steps are used: "" for all, "100", "10,20,30" or "ddim50"
 * @param predictXstart the model predicts the clean latent and not the noise
 * @param vbWeight weight of the variational bound beside the squared error; 0.001 is lambda of Nichol and Dhariwal 2021
 */
public record SchedulerConfig(
        @Default("iddpm") SchedulerType type,
        @Default("\"\"") String timestepRespacing,
        @Default("false") boolean predictXstart,
        @Default("1.0") double vbWeight)
        implements Section {
    public SchedulerConfig {
        Check.notNegative("vb_weight", vbWeight);
    }
}
