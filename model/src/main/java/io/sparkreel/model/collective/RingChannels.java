// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SocketChannel;

/** The connections between this rank and one neighbour: one for each stream, and one for control. */
final class RingChannels implements Closeable {

    /** Large enough that a slice fits: then a rank seldom waits for its neighbour to be scheduled. */
    static final int SOCKET_BUFFER_BYTES = 4 << 20;

    private final SocketChannel[] streams;
    private SocketChannel control;
    private int missing;

    RingChannels(int streamCount) {
        streams = new SocketChannel[streamCount];
        missing = streamCount + 1;
    }

    /** Whether stream {@code number} exists and has no connection yet. */
    boolean expects(int number) {
        return number == Handshake.CONTROL ? control == null
                : number >= 0 && number < streams.length && streams[number] == null;
    }

    void put(int number, SocketChannel channel) {
        if (number == Handshake.CONTROL) {
            control = channel;
        } else {
            streams[number] = channel;
        }
        missing--;
    }

    boolean isComplete() {
        return missing == 0;
    }

    SocketChannel stream(int number) {
        return streams[number];
    }

    SocketChannel control() {
        return control;
    }

    /** Sets what must be set before a socket is connected or bound. */
    static void tune(NetworkChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
    }

    static void tuneConnected(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
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
        for (SocketChannel stream : streams) {
            closeQuietly(stream);
        }
        closeQuietly(control);
    }
}
