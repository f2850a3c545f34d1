// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * One stream of the ring: a connection to the right neighbour, one from the left, and the thread that moves slices over
 * both and adds them up. Sending may run ahead of receiving into later operations, as far as data is ready.
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // its own thread alone counts bytes
final class Lane implements Runnable, Heartbeat.Inflow {

    private static final Logger LOG = LogManager.getLogger(Lane.class);

    /** This stream's part in one operation. */
    private final class Part {
        private final Operation operation;
        private final Schedule schedule;
        private final SharedSender shared; // null where payload goes through the socket
        private final SharedReceiver sharing; // likewise
        private int sent;
        private int received;

        Part(Operation operation, Schedule schedule, SharedSender shared, SharedReceiver sharing) {
            this.operation = operation;
            this.schedule = schedule;
            this.shared = shared;
            this.sharing = sharing;
        }

        private boolean isShared(int sliceLength) {
            return operation.wire().bytes(sliceLength) > SharedSender.SMALLEST;
        }

        /** What sends the next slice. */
        SliceSender sender() {
            return shared != null && isShared(schedule.sendLength(sent)) ? shared : writer;
        }

        /** What receives the next slice. */
        SliceReceiver receiver() {
            return sharing != null && isShared(schedule.receiveLength(received)) ? sharing : reader;
        }

        /** Whether the next slice to send is there. */
        boolean hasNext() {
            return schedule.maySend(sent, received);
        }

        /** Whether the next slice has no place to go to. */
        boolean lacksSlot() {
            return sender() == shared && !shared.hasSlot();
        }

        boolean isSent() {
            return sent == schedule.sends();
        }

        boolean isReceived() {
            return received == schedule.receives();
        }
    }

    private final int index;
    private final Ranks ranks;
    private final RingFailure failure;
    private final SocketChannel left;
    private final SocketChannel right;
    private final Selector selector;
    private final SelectionKey leftKey;
    private final SelectionKey rightKey;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final long attempt;
    private SliceSender sender; // of the slice that is being sent
    private SliceReceiver receiver; // of the slice that is due

    private final Deque<Part> inbox = new ArrayDeque<>(); // guarded by itself
    private boolean ended; // guarded by inbox
    private SharedSender sharedSender; // guarded by inbox
    private SharedReceiver sharedReceiver; // guarded by inbox
    private final Deque<Part> sending = new ArrayDeque<>();
    private final Deque<Part> receiving = new ArrayDeque<>();

    private volatile boolean stopped;
    private volatile long sentBytes;
    private volatile long receivedBytes;
    private volatile boolean waiting;
    private volatile long quietSince;

    /** Takes over both connections. */
    Lane(
            int index,
            Ranks ranks,
            RingConnection left,
            RingConnection right,
            long attempt,
            RingOptions options,
            RingFailure failure)
            throws IOException {
        this.index = index;
        this.ranks = ranks;
        this.failure = failure;
        this.attempt = attempt;
        this.left = left.channel();
        this.right = right.channel();
        this.reader = new FrameReader(left, attempt, options.sliceBytes());
        this.writer = new FrameWriter(right, attempt, options);
        this.sender = writer;
        this.receiver = reader;
        this.selector = Selector.open();
        this.leftKey = this.left.register(selector, 0);
        this.rightKey = this.right.register(selector, 0);
    }

    /** From the next operation on, payload goes through this memory; null: through the socket. */
    void share(SharedSegment fromLeft, SharedSegment toRight) {
        synchronized (inbox) {
            sharedReceiver = fromLeft == null ? null : new SharedReceiver(left, attempt, fromLeft, index);
            sharedSender = toRight == null ? null : new SharedSender(right, attempt, toRight, index);
        }
    }

    void submit(Operation operation, Schedule schedule) {
        synchronized (inbox) {
            if (!ended) {
                inbox.add(new Part(operation, schedule, sharedSender, sharedReceiver));
                selector.wakeup();
                return;
            }
        }
        operation.leave(false);
    }

    void stop() {
        stopped = true;
        selector.wakeup();
    }

    /** Bytes the sockets to the right neighbour have taken. */
    long sentBytes() {
        return sentBytes;
    }

    @Override
    public long receivedBytes() {
        return receivedBytes;
    }

    @Override
    public boolean isWaiting() {
        return waiting;
    }

    @Override
    public long quietSince() {
        return quietSince;
    }

    @Override
    public void run() {
        try {
            while (!stopped) {
                takeInbox();
                long moved = send() + receive();
                if (moved == 0) {
                    waitForNews();
                }
            }
        } catch (FrameException misfit) {
            failure.decide(ranks.left(), misfit.getMessage(), misfit);
        } catch (BrokenLink broken) {
            failure.suspect(broken.rank, broken.getMessage(), broken.getCause());
        } catch (Throwable unexpected) {
            failure.decide(ranks.own(), "failed in its communication thread (" + unexpected + ")", unexpected);
        } finally {
            end();
        }
    }

    private void takeInbox() {
        synchronized (inbox) {
            for (Part part; (part = inbox.poll()) != null; ) {
                if (!part.isSent()) {
                    sending.add(part);
                }
                if (!part.isReceived()) {
                    receiving.add(part);
                    if (!waiting) {
                        quietSince = System.nanoTime();
                        waiting = true;
                    }
                }
                leaveIfDone(part);
            }
        }
    }

    /** Moves the head of the sending queue on; returns the bytes sent. */
    private long send() throws BrokenLink {
        Part part = sending.peek();
        if (part == null || (!sender.isBusy() && (!part.hasNext() || part.lacksSlot()))) {
            return 0;
        }
        if (!sender.isBusy()) {
            sender = part.sender();
            sender.start(
                    part.operation,
                    part.sent,
                    part.schedule.sendOffset(part.sent),
                    part.schedule.sendLength(part.sent));
        }
        long moved;
        try {
            moved = sender.advance();
        } catch (IOException failed) {
            throw new BrokenLink(ranks.right(), "closed stream " + index + " to it", failed);
        }
        sentBytes += moved;
        if (!sender.isBusy()) {
            part.sent++;
            if (part.isSent()) {
                sending.remove();
                leaveIfDone(part);
            }
        }
        return moved;
    }

    /** Moves the head of the receiving queue on; returns the bytes received. */
    private long receive() throws FrameException, BrokenLink {
        Part part = receiving.peek();
        if (part == null) {
            return 0;
        }
        if (!receiver.isBusy()) {
            receiver = part.receiver();
            receiver.start(
                    part.operation,
                    part.received,
                    part.schedule.receiveOffset(part.received),
                    part.schedule.receiveLength(part.received),
                    part.schedule.arrival(part.received));
        }
        long moved;
        try {
            moved = receiver.advance();
        } catch (FrameException misfit) {
            throw misfit;
        } catch (IOException failed) {
            throw new BrokenLink(ranks.left(), "closed stream " + index + " from it during " + part.operation, failed);
        }
        if (moved > 0) {
            receivedBytes += moved;
            quietSince = System.nanoTime();
        }
        if (!receiver.isBusy()) {
            part.received++;
            if (part.isReceived()) {
                receiving.remove();
                waiting = !receiving.isEmpty();
                leaveIfDone(part);
            }
        }
        return moved;
    }

    private void leaveIfDone(Part part) {
        if (part.isSent() && part.isReceived()) {
            part.operation.leave(true);
        }
    }

    private void waitForNews() throws IOException, BrokenLink {
        Part next = sending.peek();
        boolean lacksSlot = !sender.isBusy() && next != null && next.hasNext() && next.lacksSlot();
        if (lacksSlot && !next.shared.awaitSlot()) {
            return;
        }
        boolean blocked = sender.isBusy() || (next != null && next.hasNext());
        interest(rightKey, lacksSlot ? SelectionKey.OP_READ : blocked ? SelectionKey.OP_WRITE : 0);
        interest(leftKey, receiving.isEmpty() ? 0 : SelectionKey.OP_READ);
        selector.select();
        selector.selectedKeys().clear();
        if (lacksSlot) {
            try {
                next.shared.heardBell();
            } catch (IOException failed) {
                throw new BrokenLink(ranks.right(), "closed stream " + index + " to it", failed);
            }
        }
    }

    private static void interest(SelectionKey key, int operations) {
        if (key.interestOps() != operations) {
            key.interestOps(operations);
        }
    }

    /** Lets go of everything. Callers learn of a failure only after its cause is decided. */
    private void end() {
        try {
            if (!stopped) {
                failure.awaitDecision();
            }
        } catch (InterruptedException interrupt) {
            failure.interrupted(interrupt);
        }
        waiting = false;
        closeAll(left, right, selector);
        Deque<Part> open = new ArrayDeque<>(receiving);
        sending.stream().filter(Part::isReceived).forEach(open::add);
        synchronized (inbox) {
            ended = true;
            open.addAll(inbox);
            inbox.clear();
        }
        open.forEach(part -> part.operation.leave(false));
    }

    private static void closeAll(Closeable... things) {
        for (Closeable thing : things) {
            try {
                thing.close();
            } catch (IOException failed) {
                LOG.debug("closing a stream", failed);
            }
        }
    }

    /** A connection to a neighbour ended; the message continues that rank's name. */
    private static final class BrokenLink extends Exception {

        private static final long serialVersionUID = 1L;

        private final int rank;

        BrokenLink(int rank, String message, IOException cause) {
            super(message, cause);
            this.rank = rank;
        }
    }
}
