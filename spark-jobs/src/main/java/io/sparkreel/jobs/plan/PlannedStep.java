// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import io.sparkreel.bucketing.plan.StepSharing;
import java.util.ArrayList;
import java.util.List;

/**
 * The clips of one step by micro-batch.
 *
 * @param epoch the pass over the data
 * @param step global number of the step
 * @param endsEpoch whether it is the last step of its epoch
 * @param microBatches at least one, each of at least one clip
 */
public record PlannedStep(int epoch, long step, boolean endsEpoch, List<List<PlannedClip>> microBatches) {

    /** @param clips of one step, ordered by micro-batch */
    static PlannedStep of(List<PlannedClip> clips, boolean endsEpoch) {
        List<List<PlannedClip>> microBatches = new ArrayList<>();
        int current = -1;
        for (PlannedClip clip : clips) {
            if (clip.place().microBatch() != current) {
                microBatches.add(new ArrayList<>());
                current = clip.place().microBatch();
            }
            microBatches.get(microBatches.size() - 1).add(clip);
        }
        return new PlannedStep(
                clips.get(0).place().epoch(), clips.get(0).place().step(), endsEpoch, microBatches);
    }

    /** The number of clips. */
    public int clips() {
        return microBatches.stream().mapToInt(List::size).sum();
    }

    /** The micro-batches that fall to one of several ranks. */
    public List<List<PlannedClip>> share(int rank, int ranks) {
        double[] costs = microBatches.stream()
                .mapToDouble(batch -> batch.get(0).place().cost())
                .toArray();
        int[] assigned = StepSharing.assign(costs, ranks);
        List<List<PlannedClip>> mine = new ArrayList<>();
        for (int i = 0; i < assigned.length; i++) {
            if (assigned[i] == rank) {
                mine.add(microBatches.get(i));
            }
        }
        return mine;
    }
}
