// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The control connection to one neighbour, both ways: heartbeats, the news of a failure, a goodbye. Each message is its
 * length, a type byte and the content, big-endian; all but the length may be encrypted.
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
    private final ByteBuffer message = ByteBuffer.allocate(LONGEST_MESSAGE);
    private final FrameCipher outgoing; // null without encryption
    private final FrameCipher incoming; // null without encryption
    private long heardAt;
    private Pulse pulse;
    private long activeAt;
    private RingFailure.Cause reported;
    private boolean departed;
    private boolean finishing;
    private boolean ended;

    ControlLink(int peer, RingConnection connection, Selector selector, int streams, long now) throws IOException {
        this.peer = peer;
        this.channel = connection.channel();
        this.outgoing = connection.outgoing();
        this.incoming = connection.incoming();
        this.key = channel.register(selector, SelectionKey.OP_READ);
        this.streams = streams;
        this.heardAt = now;
    }

    int peer() {
        return peer;
    }

    /** When the last heartbeat came, or the connection was made. */
    long heardAt() {
        return heardAt;
    }

    /** The last heartbeat, or null before the first. */
    Pulse pulse() {
        return pulse;
    }

    /** When the neighbour's task was last seen to move. */
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
        message.clear().put(PULSE).putLong(own.joined).putLong(own.completed).putLong(own.activity);
        for (long bytes : own.sentBytes) {
            message.putLong(bytes);
        }
        // A neighbour that takes nothing is about to be found silent; more heartbeats would not help.
        if (!finishing && enqueue()) {
            flush();
        }
    }

    void sendFailure(RingFailure.Cause cause) throws IOException {
        byte[] found = text(cause.found());
        byte[] advice = text(cause.advice());
        message.clear().put(FAILURE).putInt(cause.rank());
        message.putInt(found.length).put(found).putInt(advice.length).put(advice);
        enqueue();
        finish();
    }

    void sendGoodbye() throws IOException {
        message.clear().put(GOODBYE);
        enqueue();
        finish();
    }

    /** Appends {@link #message} to what is to be sent; returns whether there was room. */
    private boolean enqueue() {
        int length = message.flip().remaining() + (outgoing == null ? 0 : FrameCipher.TAG_BYTES);
        if (outbound.remaining() < Integer.BYTES + length) {
            return false;
        }
        outbound.putInt(length);
        if (outgoing == null) {
            outbound.put(message);
        } else {
            outgoing.seal(message, outbound);
        }
        return true;
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
        ByteBuffer content = inbound.slice(inbound.position() + Integer.BYTES, length);
        inbound.position(inbound.position() + Integer.BYTES + length);
        if (incoming != null) {
            ByteBuffer opened = ByteBuffer.allocate(length);
            incoming.open(content, opened, "control");
            content = opened.flip();
        }
        take(content, now);
        return true;
    }

    private void take(ByteBuffer content, long now) throws IOException {
        if (!content.hasRemaining()) {
            throw new FrameException("sent an empty control message");
        }
        byte type = content.get();
        if (type == PULSE && content.remaining() == Long.BYTES * (3 + streams)) {
            Pulse next = new Pulse(content.getLong(), content.getLong(), content.getLong(), longs(content));
            if (pulse == null || pulse.activity != next.activity) {
                activeAt = now;
            }
            pulse = next;
            heardAt = now;
        } else if (type == FAILURE && content.remaining() >= 3 * Integer.BYTES) {
            int rank = content.getInt();
            reported = new RingFailure.Cause(rank, text(content), text(content), null, true);
        } else if (type == GOODBYE && !content.hasRemaining()) {
            departed = true;
            finish();
        } else {
            throw new FrameException("sent a control message that does not fit (type " + type + ")");
        }
    }

    private long[] longs(ByteBuffer content) {
        long[] values = new long[streams];
        for (int index = 0; index < streams; index++) {
            values[index] = content.getLong();
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
