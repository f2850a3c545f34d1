// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.collective.Work;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** One collective operation of this rank, done once each stream has done its part. */
final class Operation implements Work {

    enum Kind {
        ALL_REDUCE("all-reduce"),
        REDUCE_SCATTER("reduce-scatter"),
        BROADCAST("broadcast"),
        ALL_GATHER("all-gather");

        private final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    private final Kind kind;
    private final long number;
    private final int root;
    private final ByteBuffer range;
    private final WireType wire;
    private final RingFailure failure;
    private final Runnable whenReleased;
    private final AtomicInteger openParts;
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile boolean broken;

    /**
     * @param number position in the sequence of operations, from 0
     * @param root rank a broadcast starts from, otherwise 0
     * @param wire as what its values travel
     * @param parts number of streams that work on it
     */
    Operation(
            Kind kind,
            long number,
            int root,
            ByteBuffer range,
            WireType wire,
            int parts,
            RingFailure failure,
            Runnable whenReleased) {
        this.kind = kind;
        this.number = number;
        this.root = root;
        this.range = range;
        this.wire = wire;
        this.failure = failure;
        this.whenReleased = whenReleased;
        this.openParts = new AtomicInteger(parts);
        if (parts == 0) {
            release();
        }
    }

    Kind kind() {
        return kind;
    }

    long number() {
        return number;
    }

    int root() {
        return root;
    }

    int totalBytes() {
        return range.limit();
    }

    WireType wire() {
        return wire;
    }

    ByteBuffer slice(int offset, int length) {
        return range.slice(offset, length).order(range.order());
    }

    /** One stream is through, or has given up, and will not touch the buffer again. */
    void leave(boolean finished) {
        if (!finished) {
            broken = true;
        }
        if (openParts.decrementAndGet() == 0) {
            release();
        }
    }

    private void release() {
        whenReleased.run();
        released.countDown();
    }

    @Override
    public void await() {
        try {
            released.await();
        } catch (InterruptedException interrupt) {
            failure.interrupted(interrupt);
            awaitRelease();
            Thread.currentThread().interrupt();
            throw failure.exception(toString());
        }
        if (broken) {
            throw failure.exception(toString());
        }
    }

    /** The streams let go of a failed operation within a slice's time: this wait is short and must not be cut. */
    private void awaitRelease() {
        while (true) {
            try {
                released.await();
                return;
            } catch (InterruptedException again) {
                // The first interrupt already ends the ring.
            }
        }
    }

    @Override
    public boolean isDone() {
        return released.getCount() == 0;
    }

    @Override
    public String toString() {
        return describe(kind, number, range.limit(), root);
    }

    static String describe(Kind kind, long number, long bytes, int root) {
        return kind.text + " number " + number + " of " + bytes + " bytes"
                + (kind == Kind.BROADCAST ? " from rank " + root : "");
    }
}
