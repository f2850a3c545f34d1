// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Where ranks that are threads of one JVM meet. */
public final class ThreadRendezvous {

    private final String[] told;
    private final CyclicBarrier meeting;

    public ThreadRendezvous(int worldSize) {
        told = new String[worldSize];
        meeting = new CyclicBarrier(worldSize);
    }

    /** The rendezvous as rank {@code rank} sees it. */
    public Rendezvous of(int rank) {
        return new Rendezvous() {
            @Override
            public int rank() {
                return rank;
            }

            @Override
            public int worldSize() {
                return told.length;
            }

            @Override
            public List<String> allGather(String mine) {
                told[rank] = mine;
                meet();
                List<String> all = List.copyOf(Arrays.asList(told));
                meet();
                return all;
            }
        };
    }

    private void meet() {
        try {
            meeting.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException failed) {
            throw new IllegalStateException("a rank did not come", failed);
        }
    }
}
