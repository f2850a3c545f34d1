// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.SocketChannel;

/**
 * A connection to a neighbour that has proved who it is.
 *
 * @param outgoing encrypts what is sent; null without encryption
 * @param incoming decrypts what is received; null without encryption
 */
record RingConnection(SocketChannel channel, FrameCipher outgoing, FrameCipher incoming) implements Closeable {

    /** As the rank sees it that opened the connection. */
    static RingConnection ofCaller(SocketChannel channel, RingOptions options, byte[] hello, byte[] nonce) {
        if (!options.encrypted()) {
            return new RingConnection(channel, null, null);
        }
        byte[] secret = options.secret();
        return new RingConnection(
                channel, FrameCipher.ofCaller(secret, hello, nonce), FrameCipher.ofListener(secret, hello, nonce));
    }

    /** As the rank sees it that accepted the connection. */
    @SuppressWarnings("ArgumentSelectionDefectChecker") // what the caller sends comes in here
    static RingConnection ofListener(SocketChannel channel, RingOptions options, byte[] hello, byte[] nonce) {
        RingConnection caller = ofCaller(channel, options, hello, nonce);
        return new RingConnection(channel, caller.incoming, caller.outgoing);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
