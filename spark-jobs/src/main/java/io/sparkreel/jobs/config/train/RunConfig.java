// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * Length and output of a training run.
 *
 * @param seed of every draw
 * @param outputs run folder: logs and checkpoints
 * @param epochs passes over the data
 * @param maxSteps steps after which the run ends all the same; null: no limit
 * @param logEvery steps between log lines
 * @param ckptEvery steps between checkpoints; 0 or less: only at the end
 * @param keepLast how many checkpoints stay; null: all
 * @param keepEvery with {@code keep_last}: also keep the checkpoint of every N-th step; null: none
 * @param maxRestarts how often the ranks are started again from the newest checkpoint when one of them fails
 * @param load run or checkpoint folder to go on from; null: a new run
 * @param startFromScratch with {@code load}: take weights and optimizer, but begin at step 0
 */
public record RunConfig(
        @Default("42") long seed,
        @Default("outputs") String outputs,
        @Default("1000") int epochs,
        @Default("null") Integer maxSteps,
        @Default("10") int logEvery,
        @Default("500") int ckptEvery,
        @Default("null") Integer keepLast,
        @Default("null") Integer keepEvery,
        @Default("3") int maxRestarts,
        @Default("null") String load,
        @Default("false") boolean startFromScratch)
        implements Section {
    public RunConfig {
        Check.notBlank("outputs", outputs);
        Check.atLeast("epochs", epochs, 1);
        Check.atLeast("max_steps", maxSteps, 1);
        Check.atLeast("log_every", logEvery, 1);
        Check.atLeast("keep_last", keepLast, 1);
        Check.atLeast("keep_every", keepEvery, 1);
        Check.atLeast("max_restarts", maxRestarts, 0);
        Check.notBlank("load", load);
        Check.that(
                load != null || !startFromScratch,
                "start_from_scratch",
                startFromScratch,
                "false, or a folder to start from as 'load'");
    }
}
