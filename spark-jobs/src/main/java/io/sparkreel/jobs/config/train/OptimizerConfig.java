// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * AdamW, its learning rate and the moving average of the weights.
 *
 * @param lr learning rate after warm-up
 * @param lrSchedule what follows the warm-up
 * @param warmupSteps steps over which the rate rises linearly from 0
 * @param gradClip largest global norm of the gradient; null: no limit
 * @param weightDecay decoupled decay
 * @param adamBetas decay rates of the moments
 * @param adamEps added to the root of the second moment
 * @param emaDecay of the moving average of the weights, in [0, 1]
 * @param emaWarmup the decay after n updates is min(ema_decay, (1 + n) / (10 + n))
 * @param optimizerSharding each rank keeps the moments and the EMA of its part of the weights alone, so that these
 *     take a rank's share of the memory; the results are the same
 */
public record OptimizerConfig(
        @Default("2.0e-5") double lr,
        @Default("constant") LearningRate.Schedule lrSchedule,
        @Default("0") int warmupSteps,
        @Default("1.0") Double gradClip,
        @Default("0.0") double weightDecay,
        @Default("[0.9, 0.999]") AdamBetas adamBetas,
        @Default("1.0e-8") double adamEps,
        @Default("0.9999") double emaDecay,
        @Default("false") boolean emaWarmup,
        @Default("false") boolean optimizerSharding)
        implements Section {
    public OptimizerConfig {
        Check.positive("lr", lr);
        Check.atLeast("warmup_steps", warmupSteps, 0);
        if (gradClip != null) {
            Check.positive("grad_clip", gradClip);
        }
        Check.notNegative("weight_decay", weightDecay);
        Check.positive("adam_eps", adamEps);
        Check.fraction("ema_decay", emaDecay);
    }
}
