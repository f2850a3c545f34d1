// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The control connection to one neighbour, both ways: heartbeats, the news of a failure, a goodbye. Each message is its
 * length, a type byte and the content, big-endian.
 */
final class ControlLink {

    private static final byte PULSE = 1;
    private static final byte FAILURE = 2;
    private static final byte GOODBYE = 3;
    private static final int LONGEST_MESSAGE = 4096;
    private static final int LONGEST_TEXT = 1200;

    /** What a rank says of itself with each heartbeat. */
    record Pulse(long joined, long completed, long activity, long[] sentBytes) {

        /** Whether it has done all it was asked to do, and so waits for its own task. */
        boolean isIdle() {
            return joined == completed;
        }
    }

    private final int peer;
    private final SocketChannel channel;
    private final SelectionKey key;
    private final int streams;
    private final ByteBuffer inbound = ByteBuffer.allocate(4 * LONGEST_MESSAGE);
    private final ByteBuffer outbound = ByteBuffer.allocate(4 * LONGEST_MESSAGE);
    private long heardAt;
    private Pulse pulse;
    private long activeAt;
    private RingFailure.Cause reported;
    private boolean departed;
    private boolean finishing;
    private boolean ended;

    ControlLink(int peer, SocketChannel channel, Selector selector, int streams, long now) throws IOException {
        this.peer = peer;
        this.channel = channel;
        this.key = channel.register(selector, SelectionKey.OP_READ);
        this.streams = streams;
        this.heardAt = now;
    }

    int peer() {
        return peer;
    }

    /** {@link System#nanoTime} of the last heartbeat, or of the connection. */
    long heardAt() {
        return heardAt;
    }

    /** The last heartbeat, or null before the first. */
    Pulse pulse() {
        return pulse;
    }

    /** {@link System#nanoTime} at which the neighbour's task was last seen to move. */
    long activeAt() {
        return activeAt;
    }

    /** A failure the neighbour told of, or null. */
    RingFailure.Cause reported() {
        return reported;
    }

    /** Whether the neighbour said goodbye. */
    boolean isDeparted() {
        return departed;
    }

    /** Whether the neighbour's side of the connection is closed. */
    boolean isEnded() {
        return ended;
    }

    /** Does not count {@code lost} nanoseconds, during which this process itself stood still. */
    void forgive(long lost) {
        heardAt += lost;
        activeAt += lost;
    }

    void sendPulse(Pulse own) throws IOException {
        int length = 1 + Long.BYTES * (3 + streams);
        // A neighbour that takes nothing is about to be found silent; more heartbeats would not help.
        if (!finishing && outbound.remaining() >= Integer.BYTES + length) {
            outbound.putInt(length).put(PULSE).putLong(own.joined).putLong(own.completed).putLong(own.activity);
            for (long bytes : own.sentBytes) {
                outbound.putLong(bytes);
            }
            flush();
        }
    }

    void sendFailure(RingFailure.Cause cause) throws IOException {
        byte[] found = text(cause.found());
        byte[] advice = text(cause.advice());
        int length = 1 + 3 * Integer.BYTES + found.length + advice.length;
        if (outbound.remaining() >= Integer.BYTES + length) {
            outbound.putInt(length).put(FAILURE).putInt(cause.rank());
            outbound.putInt(found.length).put(found).putInt(advice.length).put(advice);
        }
        finish();
    }

    void sendGoodbye() throws IOException {
        if (outbound.remaining() > Integer.BYTES) {
            outbound.putInt(1).put(GOODBYE);
        }
        finish();
    }

    /** Nothing more will be sent. */
    private void finish() throws IOException {
        finishing = true;
        flush();
    }

    private void flush() throws IOException {
        outbound.flip();
        channel.write(outbound);
        outbound.compact();
        if (outbound.position() > 0) {
            key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            return;
        }
        key.interestOps(ended ? 0 : SelectionKey.OP_READ);
        if (finishing) {
            channel.shutdownOutput();
        }
    }

    /** Does what the connection is ready for. */
    void serve(long now) throws IOException {
        if (!key.isValid()) {
            return;
        }
        if (key.isWritable()) {
            flush();
        }
        if (key.isReadable()) {
            int count = channel.read(inbound);
            inbound.flip();
            while (takeMessage(now)) {
                // Each call takes one.
            }
            inbound.compact();
            if (count < 0) {
                ended = true;
                key.interestOps(key.interestOps() & ~SelectionKey.OP_READ);
            }
        }
    }

    private boolean takeMessage(long now) throws IOException {
        if (inbound.remaining() < Integer.BYTES) {
            return false;
        }
        int length = inbound.getInt(inbound.position());
        if (length < 1 || length > LONGEST_MESSAGE) {
            throw new FrameException("sent a control message of " + length + " bytes, which none can have");
        }
        if (inbound.remaining() < Integer.BYTES + length) {
            return false;
        }
        ByteBuffer message = inbound.slice(inbound.position() + Integer.BYTES, length);
        inbound.position(inbound.position() + Integer.BYTES + length);
        take(message, now);
        return true;
    }

    private void take(ByteBuffer message, long now) throws IOException {
        byte type = message.get();
        if (type == PULSE && message.remaining() == Long.BYTES * (3 + streams)) {
            Pulse next = new Pulse(message.getLong(), message.getLong(), message.getLong(), longs(message));
            if (pulse == null || pulse.activity != next.activity) {
                activeAt = now;
            }
            pulse = next;
            heardAt = now;
        } else if (type == FAILURE && message.remaining() >= 3 * Integer.BYTES) {
            int rank = message.getInt();
            reported = new RingFailure.Cause(rank, text(message), text(message), null, true);
        } else if (type == GOODBYE && !message.hasRemaining()) {
            departed = true;
            finish();
        } else {
            throw new FrameException("sent a control message that does not fit (type " + type + ")");
        }
    }

    private long[] longs(ByteBuffer message) {
        long[] values = new long[streams];
        for (int index = 0; index < streams; index++) {
            values[index] = message.getLong();
        }
        return values;
    }

    private static byte[] text(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return bytes.length <= LONGEST_TEXT ? bytes : Arrays.copyOf(bytes, LONGEST_TEXT);
    }

    private static String text(ByteBuffer message) throws IOException {
        int length = message.remaining() < Integer.BYTES ? -1 : message.getInt();
        if (length < 0 || length > message.remaining()) {
            throw new FrameException("sent a control message that does not fit (text of " + length + " bytes)");
        }
        byte[] bytes = new byte[length];
        message.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    void close() {
        ended = true;
        RingChannels.closeQuietly(channel);
    }
}
