// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.ring.Handshake.Hello;
import io.sparkreel.model.collective.ring.Handshake.Status;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** Opens this rank's connections to its right neighbour. */
final class RingConnector {

    private static final long TRY_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long PAUSE_MILLIS = 50;

    private final RingOptions options;
    private final byte[] secret;
    private final Ranks ranks;
    private final long deadline;

    RingConnector(RingOptions options, Ranks ranks) {
        this.options = options;
        this.secret = options.secret();
        this.ranks = ranks;
        this.deadline = System.nanoTime() + options.connectTimeout().toNanos();
    }

    /** The connections, which do not block; tries again until the connect timeout unless it is refused. */
    RingChannels connect() throws InterruptedException {
        RingChannels channels = new RingChannels(options.streams());
        try {
            for (int stream = Handshake.CONTROL; stream < options.streams(); stream++) {
                channels.put(stream, connect(stream));
            }
            return channels;
        } catch (InterruptedException | RuntimeException failed) {
            channels.close();
            throw failed;
        }
    }

    private RingConnection connect(int stream) throws InterruptedException {
        while (true) {
            try {
                return tryOnce(stream);
            } catch (Refused refused) {
                throw failure(refused.getMessage(), refused);
            } catch (IOException failed) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (System.nanoTime() - deadline >= 0) {
                    throw failure(
                            "it could not be reached within "
                                    + options.connectTimeout().toMillis() / 1000.0 + " s (" + failed + ")",
                            failed);
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }

    private CollectiveException failure(String found, IOException cause) {
        int right = ranks.right();
        return new CollectiveException(
                right,
                "Cannot connect rank " + ranks.own() + " to " + ranks.name(right) + ": "
                        + found
                        + ". Check that rank's log, the network between the two, and that all ranks got the same"
                        + " secret and attempt.",
                cause);
    }

    private RingConnection tryOnce(int stream) throws IOException {
        InetSocketAddress known = ranks.address(ranks.right());
        SocketChannel channel = SocketChannel.open();
        try (Selector selector = Selector.open()) {
            channel.configureBlocking(false);
            SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
            // Resolved at each try: names of pods may appear late.
            Conversation conversation =
                    new Conversation(channel, selector, key, Math.min(deadline, System.nanoTime() + TRY_NANOS));
            conversation.open(new InetSocketAddress(known.getHostString(), known.getPort()));
            return greet(conversation, channel, stream);
        } catch (IOException | RuntimeException failed) {
            channel.close();
            throw failed;
        }
    }

    private RingConnection greet(Conversation conversation, SocketChannel channel, int stream) throws IOException {
        byte[] hello = new Hello(
                        stream,
                        ranks.own(),
                        ranks.right(),
                        ranks.worldSize(),
                        Handshake.attemptCode(options.attemptId()))
                .encode();
        conversation.say(hello);
        byte[] nonce = conversation.hearAnswer();
        conversation.say(Handshake.callerProof(secret, hello, nonce));
        byte[] proof = conversation.hearAnswer();
        if (!Handshake.matches(proof, Handshake.listenerProof(secret, hello, nonce))) {
            throw new Refused("it could not prove that it knows the secret");
        }
        return RingConnection.ofCaller(channel, options, hello, nonce);
    }

    /** Reads and writes with a deadline, in a thread that may be interrupted. */
    private static final class Conversation {
        private final SocketChannel channel;
        private final Selector selector;
        private final SelectionKey key;
        private final long deadline;

        Conversation(SocketChannel channel, Selector selector, SelectionKey key, long deadline) {
            this.channel = channel;
            this.selector = selector;
            this.key = key;
            this.deadline = deadline;
        }

        void open(InetSocketAddress address) throws IOException {
            if (address.isUnresolved()) {
                throw new IOException("the name " + address.getHostString() + " does not resolve");
            }
            if (!channel.connect(address)) {
                do {
                    await(SelectionKey.OP_CONNECT);
                } while (!channel.finishConnect());
            }
            RingChannels.tune(channel);
        }

        void say(byte[] message) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(message);
            while (channel.write(buffer) >= 0 && buffer.hasRemaining()) {
                await(SelectionKey.OP_WRITE);
            }
        }

        /** The content after the status byte. */
        byte[] hearAnswer() throws IOException {
            ByteBuffer answer = ByteBuffer.allocate(Handshake.ANSWER_BYTES);
            while (answer.hasRemaining()) {
                int count = channel.read(answer);
                if (count < 0) {
                    throw new EOFException("it closed the connection during the handshake");
                }
                if (count == 0) {
                    await(SelectionKey.OP_READ);
                }
            }
            Status status = Status.of(answer.get(0));
            if (status != Status.WELCOME) {
                throw new Refused("it refused the connection because " + status.text());
            }
            return Arrays.copyOfRange(answer.array(), 1, Handshake.ANSWER_BYTES);
        }

        private void await(int operation) throws IOException {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                throw new IOException("it did not answer the handshake");
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new IOException("interrupted");
            }
            key.interestOps(operation);
            selector.select(left);
            selector.selectedKeys().clear();
        }
    }

    /** The neighbour answered and said no: trying again would not help. */
    private static final class Refused extends IOException {

        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }
}
