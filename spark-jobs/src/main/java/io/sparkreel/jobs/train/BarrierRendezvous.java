// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.model.collective.Rendezvous;
import java.util.List;
import org.apache.spark.BarrierTaskContext;

/** Ranks of a barrier stage meet through Spark. A call takes about a second. */
final class BarrierRendezvous implements Rendezvous {
    private final BarrierTaskContext context;

    BarrierRendezvous(BarrierTaskContext context) {
        this.context = context;
    }

    @Override
    public int rank() {
        return context.partitionId();
    }

    @Override
    public int worldSize() {
        return context.getTaskInfos().length;
    }

    @Override
    public List<String> allGather(String mine) {
        return List.of(context.allGather(mine));
    }
}
