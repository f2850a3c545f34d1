// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import java.io.IOException;

/**
 * Which checkpoints of a run stay.
 *
 * @param keepLast how many of the newest; null: all
 * @param keepEvery also keep the checkpoint of every N-th step; null: none
 */
public record Retention(Integer keepLast, Integer keepEvery) {

    /** Removes the checkpoints that are too many, and what attempts left unfinished before the newest checkpoint. */
    public void apply(Storage run) throws IOException {
        if (keepLast == null) {
            return;
        }
        int committed = 0;
        for (CheckpointFolder folder : CheckpointFolder.newestFirst(run)) {
            boolean whole = folder.isCommitted(run);
            if (whole) {
                committed++;
            }
            boolean wanted = whole && keepEvery != null && folder.globalStep() % keepEvery == 0;
            if ((committed > keepLast && !wanted) || (committed > 0 && !whole)) {
                run.delete(Manifest.path(folder.name())); // first, so that no reader trusts the rest
                run.delete(folder.name());
            }
        }
    }
}
