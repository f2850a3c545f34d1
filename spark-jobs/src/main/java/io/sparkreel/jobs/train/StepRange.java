// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.jobs.parts.ChosenCheckpoint;
import java.io.Serializable;

/**
 * The steps of an attempt, and the checkpoint it starts from.
 *
 * @param plan folder of the plan table
 * @param last global step after which the attempt ends
 * @param total the length of the run in steps, for the learning rate
 * @param checkpoint the verified checkpoint to resume from, or null
 * @param newRun begin at step 0, whatever step the checkpoint was written at
 */
record StepRange(String plan, long last, long total, ChosenCheckpoint checkpoint, boolean newRun)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The remaining steps after a newer checkpoint. */
    StepRange from(ChosenCheckpoint newer) {
        return new StepRange(plan, last, total, newer, false);
    }
}
