// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/** The connections between this rank and one neighbour: one for each stream, and one for control. */
final class RingChannels implements Closeable {

    private static final int SEND_BUFFER_ON_ONE_HOST = 1 << 18;

    private final RingConnection[] streams;
    private RingConnection control;
    private int missing;

    RingChannels(int streamCount) {
        streams = new RingConnection[streamCount];
        missing = streamCount + 1;
    }

    /** Whether stream {@code number} exists and has no connection yet. */
    boolean expects(int number) {
        return number == Handshake.CONTROL
                ? control == null
                : number >= 0 && number < streams.length && streams[number] == null;
    }

    void put(int number, RingConnection connection) {
        if (number == Handshake.CONTROL) {
            control = connection;
        } else {
            streams[number] = connection;
        }
        missing--;
    }

    boolean isComplete() {
        return missing == 0;
    }

    RingConnection stream(int number) {
        return streams[number];
    }

    RingConnection control() {
        return control;
    }

    /**
     * Sets up a connected channel. Between hosts, buffers are left to the system, which fits them to the network; a fixed
     * size would forbid that. On one host there is no distance to fill: a send buffer that grows to megabytes only takes
     * what it holds out of the processor's cache, and costs a fifth of an all-reduce.
     */
    static void tune(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        if (channel.getLocalAddress() instanceof InetSocketAddress here
                && channel.getRemoteAddress() instanceof InetSocketAddress there
                && here.getAddress().equals(there.getAddress())) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER_ON_ONE_HOST);
        }
    }

    static void closeQuietly(Closeable thing) {
        try {
            if (thing != null) {
                thing.close();
            }
        } catch (IOException ignored) {
            // Nothing depends on a connection that is given up.
        }
    }

    @Override
    public void close() {
        for (RingConnection stream : streams) {
            closeQuietly(stream);
        }
        closeQuietly(control);
    }
}
