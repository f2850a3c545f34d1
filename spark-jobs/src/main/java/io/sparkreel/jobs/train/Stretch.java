// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.jobs.parts.ChosenCheckpoint;
import java.io.Serializable;

/**
 * Steps that an attempt takes, and what it begins from.
 *
 * @param plan folder of the plan table
 * @param last global step after which the attempt ends
 * @param total the length of the run in steps, for the learning rate
 * @param checkpoint the verified checkpoint to resume from, or null
 * @param newRun begin at step 0, whatever step the checkpoint was written at
 */
record Stretch(String plan, long last, long total, ChosenCheckpoint checkpoint, boolean newRun)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The rest of it, after a checkpoint that was written on the way. */
    Stretch from(ChosenCheckpoint newer) {
        return new Stretch(plan, last, total, newer, false);
    }
}
