// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.collective.ring.ControlLink.Pulse;
import java.io.IOException;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The control thread of a ring. It beats to both neighbours, watches theirs, and passes the news of a failure on, so
 * that every rank hears of it while its task is busy elsewhere.
 *
 * <p>A neighbour has failed when its connection closes without a goodbye, when it is silent, when bytes it says it sent
 * do not arrive, or when its process answers but its task lets this rank wait and shows no progress. A neighbour that
 * itself waits for another is never blamed: its own neighbour finds the culprit.
 */
final class Heartbeat implements Runnable {

    private static final int BEATS_PER_TIMEOUT = 15;
    private static final long LONGEST_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What a stream from the left neighbour brings, as seen while it is watched. */
    interface Inflow {
        /** Whether data is due. */
        boolean isWaiting();

        /** Bytes that have come. */
        long receivedBytes();

        /** When data last came, or began to be due. */
        long quietSince();
    }

    private final LongSupplier nanoTime;
    private final RingFailure failure;
    private final List<? extends Inflow> lanes;
    private final Supplier<Pulse> ownPulse;
    private final LongSupplier elsewhereSince;
    private final Selector selector;
    private final ControlLink left;
    private final ControlLink right;
    private final long intervalNanos;
    private final long patienceNanos;
    private final long[] gapSince;
    private final long[] gapAt;
    private long excusedUntil;
    private long nextBeat;
    private volatile long firstBeatDue;
    private volatile boolean leaving;

    /**
     * Takes over the control connections.
     *
     * @param nanoTime the clock of all times here, {@link System#nanoTime} but in tests
     * @param elsewhereSince the time since which this rank waits for others outside the ring, or 0
     */
    Heartbeat(
            LongSupplier nanoTime,
            Ranks ranks,
            RingChannels leftChannels,
            RingChannels rightChannels,
            List<? extends Inflow> lanes,
            Supplier<Pulse> ownPulse,
            LongSupplier elsewhereSince,
            RingOptions options,
            RingFailure failure)
            throws IOException {
        this.nanoTime = nanoTime;
        this.failure = failure;
        this.lanes = lanes;
        this.ownPulse = ownPulse;
        this.elsewhereSince = elsewhereSince;
        this.selector = Selector.open();
        long start = nanoTime.getAsLong();
        this.firstBeatDue = start + options.connectTimeout().toNanos();
        this.left = new ControlLink(ranks.left(), leftChannels.control(), selector, lanes.size(), start);
        this.right = new ControlLink(ranks.right(), rightChannels.control(), selector, lanes.size(), start);
        Duration stall = options.stallTimeout();
        this.intervalNanos = Math.min(LONGEST_INTERVAL_NANOS, stall.toNanos() / BEATS_PER_TIMEOUT);
        // Earlier than the timeout by what a beat, a look and the news on its way round may take.
        this.patienceNanos = stall.toNanos() * 4 / 5;
        this.gapSince = new long[lanes.size()];
        this.gapAt = new long[lanes.size()];
        this.excusedUntil = start;
        this.nextBeat = start;
    }

    /** All ranks have joined, so all beat. */
    void joined() {
        firstBeatDue = nanoTime.getAsLong();
    }

    /** Says goodbye and ends. */
    void leave() {
        leaving = true;
        selector.wakeup();
    }

    /** Looks at once for a failure to tell of. */
    void wake() {
        selector.wakeup();
    }

    @Override
    public void run() {
        try {
            while (!leaving && !failure.isDecided()) {
                turn();
            }
            sayWhy();
            linger();
        } catch (Throwable unexpected) {
            failure.decide(failure.ownRank(), "failed in its control thread (" + unexpected + ")", unexpected);
        } finally {
            close();
        }
    }

    void close() {
        left.close();
        right.close();
        RingChannels.closeQuietly(selector);
    }

    /** Beats if that is due, waits for news, and judges the neighbours. */
    void turn() throws IOException {
        long now = nanoTime.getAsLong();
        if (now - nextBeat >= 0) {
            Pulse pulse = ownPulse.get();
            eachLink(link -> link.sendPulse(pulse));
            nextBeat = now + intervalNanos;
        }
        long wait = Math.min(nextBeat - now, failure.settle(now, this::isDeparted));
        selector.select(TimeUnit.NANOSECONDS.toMillis(wait) + 1);
        long woken = nanoTime.getAsLong();
        long lost = woken - now - wait;
        if (lost > patienceNanos / 4) {
            // This process stood still, perhaps with its whole machine: time it lost is no one's silence.
            excusedUntil = woken;
            left.forgive(lost);
            right.forgive(lost);
        }
        serveLinks(woken);
        judge(woken);
    }

    /** The last word to both neighbours: the failure, or a goodbye. */
    void sayWhy() {
        if (failure.isDecided()) {
            quietly(link -> link.sendFailure(failure.report()));
        } else {
            quietly(ControlLink::sendGoodbye);
        }
    }

    private void serveLinks(long now) {
        if (!selector.selectedKeys().isEmpty()) {
            selector.selectedKeys().clear();
            eachLink(link -> link.serve(now));
        }
    }

    private boolean isDeparted(int rank) {
        return (left.peer() == rank && left.isDeparted()) || (right.peer() == rank && right.isDeparted());
    }

    private interface LinkAction {
        void accept(ControlLink link) throws IOException;
    }

    private void eachLink(LinkAction action) {
        for (ControlLink link : List.of(left, right)) {
            try {
                action.accept(link);
            } catch (FrameException misfit) {
                failure.decide(link.peer(), misfit.getMessage(), misfit);
            } catch (IOException broken) {
                if (!link.isDeparted()) {
                    failure.decide(
                            link.peer(), "broke off its control connection (" + broken.getMessage() + ")", broken);
                }
            }
        }
    }

    /** As {@link #eachLink}, where a failure or the end is known already. */
    private void quietly(LinkAction action) {
        for (ControlLink link : List.of(left, right)) {
            try {
                action.accept(link);
            } catch (IOException alreadyGone) {
                link.close();
            }
        }
    }

    private void judge(long now) {
        for (ControlLink link : List.of(left, right)) {
            long silence = now - (link.pulse() == null ? Math.max(link.heardAt(), firstBeatDue) : link.heardAt());
            if (link.reported() != null) {
                failure.decide(link.reported());
            } else if (link.isEnded() && !link.isDeparted()) {
                failure.decide(
                        link.peer(),
                        "closed its connection without a goodbye: its process ended or was cut" + " off",
                        null);
            } else if (!link.isDeparted() && silence > patienceNanos) {
                failure.decide(link.peer(), "has sent no heartbeat for " + seconds(silence), null);
            }
        }
        Pulse pulse = left.pulse();
        if (pulse == null || left.isDeparted()) {
            return;
        }
        for (int stream = 0; stream < lanes.size(); stream++) {
            judgeStream(stream, pulse, now);
        }
        long elsewhere = elsewhereSince.getAsLong();
        if (elsewhere != 0) {
            judgeTask(now - Math.max(elsewhere, excusedUntil), pulse, now);
        }
    }

    /** @param quiet how long this rank has waited for others without hearing from them */
    private void judgeTask(long quiet, Pulse pulse, long now) {
        if (quiet > patienceNanos && pulse.isIdle() && now - left.activeAt() > patienceNanos) {
            failure.decide(
                    left.peer(),
                    "has let others wait for " + seconds(quiet) + " and shows no progress, though its process answers",
                    null);
        }
    }

    private void judgeStream(int stream, Pulse pulse, long now) {
        Inflow lane = lanes.get(stream);
        if (!lane.isWaiting()) {
            gapSince[stream] = now;
            return;
        }
        long received = lane.receivedBytes();
        if (pulse.sentBytes()[stream] <= received || received != gapAt[stream]) {
            gapAt[stream] = received;
            gapSince[stream] = now;
        }
        long gap = now - Math.max(gapSince[stream], excusedUntil);
        if (gap > patienceNanos) {
            failure.decide(
                    left.peer(),
                    "says it sent " + (pulse.sentBytes()[stream] - received) + " bytes on stream " + stream
                            + " that have not arrived for " + seconds(gap),
                    null);
        } else {
            judgeTask(now - Math.max(lane.quietSince(), excusedUntil), pulse, now);
        }
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
    }

    /**
     * Reads on until the neighbours have closed their side, for a moment at most: closing with unread heartbeats would
     * make the system throw away the last message on its way to them.
     */
    private void linger() throws IOException {
        long deadline = nanoTime.getAsLong() + LINGER_NANOS;
        while ((isAwaited(left) || isAwaited(right)) && nanoTime.getAsLong() - deadline < 0) {
            selector.select(10);
            selector.selectedKeys().clear();
            quietly(link -> link.serve(nanoTime.getAsLong()));
        }
    }

    /** Whether the neighbour may still be reading; from one that failed nothing is expected. */
    private boolean isAwaited(ControlLink link) {
        RingFailure.Cause cause = failure.cause();
        return !link.isEnded() && (cause == null || cause.rank() != link.peer());
    }
}
