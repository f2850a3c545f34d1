// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.collective.CollectiveException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;

/** Why a ring failed, decided once per rank; what comes later is a consequence and is dropped. */
final class RingFailure {

    /** A neighbour that is about to report a failure elsewhere often closes its streams first: its report may follow. */
    private static final long REPORT_GRACE_NANOS = 500_000_000L;

    private static final String SEE_LOG = "See the log of that rank, then start again from the last checkpoint";

    /**
     * @param rank rank that failed
     * @param found what was seen, in words that hold on every rank
     * @param advice what to do
     * @param heard whether another rank saw it
     */
    record Cause(int rank, String found, String advice, Throwable throwable, boolean heard) {}

    private record Suspicion(Cause cause, long dueNanos) {}

    private final LongSupplier nanoTime;
    private final Ranks ranks;
    private final AtomicReference<Cause> first = new AtomicReference<>();
    private final AtomicReference<Suspicion> suspicion = new AtomicReference<>();
    private final CountDownLatch decided = new CountDownLatch(1);
    private volatile Runnable alarm = () -> {};

    RingFailure(LongSupplier nanoTime, Ranks ranks) {
        this.nanoTime = nanoTime;
        this.ranks = ranks;
    }

    /** What to run, on any thread, when there is something new to know: it wakes the ring's threads. */
    void onNews(Runnable wake) {
        alarm = wake;
    }

    void decide(Cause cause) {
        if (first.compareAndSet(null, cause)) {
            decided.countDown();
            alarm.run();
        }
    }

    /** Rank {@code rank} did what {@code did} says, such as "has sent no heartbeat for 24.0 s". */
    void decide(int rank, String did, Throwable throwable) {
        decide(new Cause(rank, ranks.name(rank) + " " + did, SEE_LOG, throwable, false));
    }

    /** As {@link #decide}, unless another cause is decided shortly: then this was a consequence of it. */
    void suspect(int rank, String did, Throwable throwable) {
        Cause cause = new Cause(rank, ranks.name(rank) + " " + did, SEE_LOG, throwable, false);
        if (suspicion.compareAndSet(null, new Suspicion(cause, nanoTime.getAsLong() + REPORT_GRACE_NANOS))) {
            alarm.run();
        }
    }

    int ownRank() {
        return ranks.own();
    }

    void interrupted(InterruptedException interrupt) {
        decide(ranks.own(), "was interrupted in its task", interrupt);
    }

    /**
     * Decides a suspicion whose grace is over, or that needs none because the suspect has said goodbye and so has
     * nothing to report; returns nanoseconds until the next look is due.
     */
    long settle(long now, IntPredicate departed) {
        Suspicion open = suspicion.get();
        if (open == null || isDecided()) {
            return Long.MAX_VALUE;
        }
        if (now - open.dueNanos >= 0 || departed.test(open.cause.rank)) {
            decide(open.cause);
        }
        return Math.max(0, open.dueNanos - now);
    }

    boolean isDecided() {
        return first.get() != null;
    }

    /** The cause, or null while all is well. */
    Cause cause() {
        return first.get();
    }

    /** The cause as this rank tells it to others. */
    Cause report() {
        Cause cause = first.get();
        return cause.heard
                ? cause
                : new Cause(cause.rank, cause.found + ", as rank " + ranks.own() + " saw", cause.advice, null, false);
    }

    void awaitDecision() throws InterruptedException {
        decided.await();
    }

    /** What to throw at a caller that wanted {@code what}. */
    CollectiveException exception(String what) {
        Cause cause = first.get();
        return new CollectiveException(
                cause.rank, "Cannot finish " + what + ": " + cause.found + ". " + cause.advice + ".", cause.throwable);
    }
}
