// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.process.ProcessSection;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.InvalidValueException;

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
        implements ProcessSection {
    public SchedulerConfig {
        Check.notNegative("vb_weight", vbWeight);
        try {
            Respacing.keptSteps(NoiseSchedule.TRAINING_STEPS, timestepRespacing);
        } catch (InvalidInputException e) {
            throw new InvalidValueException("timestep_respacing", e);
        }
    }

    @Override
    public Iddpm process() {
        return new Iddpm(
                new Iddpm.Options(predictXstart, vbWeight, timestepRespacing, type == SchedulerType.IDDPM_SPEED));
    }
}
