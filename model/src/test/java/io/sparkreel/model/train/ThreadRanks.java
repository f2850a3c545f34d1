// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.ThreadRendezvous;
import io.sparkreel.model.collective.ring.RingOptions;
import io.sparkreel.model.collective.ring.TcpRing;
import io.sparkreel.model.torch.Torch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Ranks of a training run that are threads of this JVM. */
final class ThreadRanks {
    private ThreadRanks() {}

    /** What a rank does with the others. */
    interface Body<T> {
        T run(Collective collective) throws Exception;
    }

    /** Runs a body on several ranks together, and returns what each gave, by rank. */
    static <T> List<T> run(int ranks, Body<T> body) throws Exception {
        ThreadRendezvous meeting = new ThreadRendezvous(ranks);
        ExecutorService threads = Executors.newFixedThreadPool(ranks);
        try {
            List<Callable<T>> tasks = new ArrayList<>();
            for (int rank = 0; rank < ranks; rank++) {
                int own = rank;
                tasks.add(() -> {
                    Torch.start();
                    RingOptions options = RingOptions.of("127.0.0.1", new byte[32], "attempt");
                    try (Collective ring = TcpRing.connect(options, meeting.of(own))) {
                        return body.run(ring);
                    }
                });
            }
            List<T> results = new ArrayList<>();
            for (Future<T> result : threads.invokeAll(tasks)) {
                results.add(result.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
            assertTrue(threads.awaitTermination(10, TimeUnit.SECONDS));
        }
    }
}
