// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

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
final class Lane implements Runnable {

    private static final Logger LOG = LogManager.getLogger(Lane.class);

    /** This stream's part in one operation. */
    private static final class Part {
        private final Operation operation;
        private final Schedule schedule;
        private int sent;
        private int received;

        Part(Operation operation, Schedule schedule) {
            this.operation = operation;
            this.schedule = schedule;
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

    private final Deque<Part> inbox = new ArrayDeque<>(); // guarded by itself
    private boolean ended; // guarded by inbox
    private final Deque<Part> sending = new ArrayDeque<>();
    private final Deque<Part> receiving = new ArrayDeque<>();

    private volatile boolean stopped;
    private volatile long sentBytes;
    private volatile long receivedBytes;
    private volatile boolean waiting;
    private volatile long quietSince;

    /** Takes over both connections. */
    Lane(int index, Ranks ranks, SocketChannel left, SocketChannel right, long attempt, int sliceBytes,
            RingFailure failure) throws IOException {
        this.index = index;
        this.ranks = ranks;
        this.failure = failure;
        this.left = left;
        this.right = right;
        this.reader = new FrameReader(left, attempt, sliceBytes);
        this.writer = new FrameWriter(right, attempt);
        this.selector = Selector.open();
        this.leftKey = left.register(selector, 0);
        this.rightKey = right.register(selector, 0);
    }

    void submit(Operation operation, Schedule schedule) {
        synchronized (inbox) {
            if (!ended) {
                inbox.add(new Part(operation, schedule));
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

    /** Bytes that have come from the left neighbour. */
    long receivedBytes() {
        return receivedBytes;
    }

    /** Whether data from the left neighbour is due. */
    boolean isWaiting() {
        return waiting;
    }

    /** {@link System#nanoTime} at which data last came, or began to be due. */
    long quietSince() {
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
        if (part == null || !writer.isBusy() && !part.schedule.maySend(part.sent, part.received)) {
            return 0;
        }
        if (!writer.isBusy()) {
            writer.start(part.operation, part.sent, part.schedule.sendOffset(part.sent),
                    part.schedule.sendLength(part.sent));
        }
        long moved;
        try {
            moved = writer.advance();
        } catch (IOException failed) {
            throw new BrokenLink(ranks.right(), "closed stream " + index + " to it", failed);
        }
        sentBytes += moved;
        if (!writer.isBusy()) {
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
        if (!reader.isBusy()) {
            reader.start(part.operation, part.received, part.schedule.receiveOffset(part.received),
                    part.schedule.receiveLength(part.received), part.schedule.adds(part.received));
        }
        long moved;
        try {
            moved = reader.advance();
        } catch (FrameException misfit) {
            throw misfit;
        } catch (IOException failed) {
            throw new BrokenLink(ranks.left(), "closed stream " + index + " from it during " + part.operation, failed);
        }
        if (moved > 0) {
            receivedBytes += moved;
            quietSince = System.nanoTime();
        }
        if (!reader.isBusy()) {
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

    private void waitForNews() throws IOException {
        Part next = sending.peek();
        boolean blocked = writer.isBusy() || next != null && next.schedule.maySend(next.sent, next.received);
        interest(rightKey, blocked ? SelectionKey.OP_WRITE : 0);
        interest(leftKey, receiving.isEmpty() ? 0 : SelectionKey.OP_READ);
        selector.select();
        selector.selectedKeys().clear();
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
