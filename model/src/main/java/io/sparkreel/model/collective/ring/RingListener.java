// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.Daemons;
import io.sparkreel.model.collective.ring.Handshake.Hello;
import io.sparkreel.model.collective.ring.Handshake.Status;
import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Accepts the left neighbour's connections and nobody else's. A stranger is refused at its first wrong byte, and after
 * one second when it says nothing; all callers are served side by side by one thread, so none holds up another. Stops
 * listening once the neighbour is complete.
 */
final class RingListener implements Closeable {

    private static final Logger LOG = LogManager.getLogger(RingListener.class);
    static final long PATIENCE_NANOS = 900_000_000L;
    private static final long POLL_MILLIS = 50;
    private static final int BACKLOG = 256;

    private final LongSupplier nanoTime;
    private final RingOptions options;
    private final byte[] secret;
    private final long attempt;
    private final int own;
    private final int left;
    private final int worldSize;
    private final ServerSocketChannel server;
    private final InetSocketAddress address;
    private final Selector selector;
    private final Thread thread;
    private final RingChannels accepted;
    private final CompletableFuture<RingChannels> complete = new CompletableFuture<>();
    private volatile boolean closed;
    private boolean handedOver;
    private volatile String lastRefusal = "";

    /** Binds the first free port of the range and starts to accept. */
    RingListener(RingOptions options, int own, int worldSize) {
        this(System::nanoTime, options, own, worldSize);
    }

    /** @param nanoTime the clock by which callers are too silent */
    RingListener(LongSupplier nanoTime, RingOptions options, int own, int worldSize) {
        this.nanoTime = nanoTime;
        this.options = options;
        this.secret = options.secret();
        this.attempt = Handshake.attemptCode(options.attemptId());
        this.own = own;
        this.left = Math.floorMod(own - 1, worldSize);
        this.worldSize = worldSize;
        this.accepted = new RingChannels(options.streams());
        try {
            this.server = ServerSocketChannel.open();
            try {
                bind();
                this.address = (InetSocketAddress) server.getLocalAddress();
                this.selector = Selector.open();
                server.configureBlocking(false);
                server.register(selector, SelectionKey.OP_ACCEPT);
            } catch (IOException | RuntimeException failed) {
                server.close();
                throw failed;
            }
        } catch (IOException failed) {
            throw new CollectiveException(
                    own,
                    "Cannot listen on " + options.bindHost() + ": " + failed.getMessage()
                            + ". Check the address and the open-file limit of rank " + own + ".",
                    failed);
        }
        this.thread = Daemons.start("listener", own, this::serve);
    }

    private void bind() throws IOException {
        InetSocketAddress host = new InetSocketAddress(options.bindHost(), 0);
        if (host.isUnresolved()) {
            throw new InvalidInputException("Cannot listen on " + options.bindHost()
                    + ": the name does not resolve. Give the executor's own address.");
        }
        for (int port = options.portMin(); ; port++) {
            try {
                server.bind(new InetSocketAddress(host.getAddress(), port), BACKLOG);
                return;
            } catch (BindException taken) {
                if (port >= options.portMax()) {
                    throw new InvalidInputException("Cannot listen on " + options.bindHost() + " ports "
                            + options.portMin() + "-" + options.portMax() + ": " + taken.getMessage()
                            + ". Widen the port range or check the address.");
                }
            }
        }
    }

    int port() {
        return address.getPort();
    }

    /** Waits for all of the left neighbour's connections; they are the caller's to close. */
    RingChannels await(Duration timeout, Ranks ranks) throws InterruptedException {
        try {
            RingChannels channels = complete.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            handedOver = true;
            return channels;
        } catch (TimeoutException late) {
            throw new CollectiveException(
                    left,
                    "Cannot join the ring: " + ranks.name(left) + " did not connect within "
                            + timeout.toMillis() / 1000.0 + " s" + lastRefusal + ". See the log of that rank.");
        } catch (ExecutionException failed) {
            throw new CollectiveException(
                    own,
                    "Cannot join the ring: rank " + own + " could not accept connections (" + failed.getCause()
                            + "). Check its open-file limit.",
                    failed.getCause());
        }
    }

    private void serve() {
        try {
            while (!closed && !accepted.isComplete()) {
                selector.select(this::serve, POLL_MILLIS);
                refuseTheSilent();
            }
            refuseAll();
            if (accepted.isComplete()) {
                complete.complete(accepted);
            }
        } catch (IOException | RuntimeException failed) {
            complete.completeExceptionally(failed);
        } finally {
            RingChannels.closeQuietly(server);
            RingChannels.closeQuietly(selector);
        }
    }

    private void serve(SelectionKey key) {
        if (key.isAcceptable()) {
            accept();
            return;
        }
        Caller caller = (Caller) key.attachment();
        try {
            caller.read(key);
        } catch (IOException gone) {
            drop(key, "closed the connection");
        }
    }

    private void accept() {
        SocketChannel channel = null;
        try {
            channel = server.accept();
            if (channel != null) {
                RingChannels.tune(channel);
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, new Caller(channel));
            }
        } catch (IOException failed) {
            LOG.warn("A connection could not be accepted: {}", failed.toString());
            RingChannels.closeQuietly(channel);
        }
    }

    private void refuseTheSilent() {
        long now = nanoTime.getAsLong();
        for (SelectionKey key : selector.keys()) {
            if (key.isValid() && key.attachment() instanceof Caller caller && now - caller.since > PATIENCE_NANOS) {
                drop(key, "said nothing for too long");
            }
        }
    }

    private void refuseAll() {
        for (SelectionKey key : selector.keys()) {
            if (key.isValid() && key.attachment() != null) {
                drop(key, "came when the ring was complete or given up");
            }
        }
    }

    private void drop(SelectionKey key, String reason) {
        Caller caller = (Caller) key.attachment();
        lastRefusal = "; a caller from " + caller.remote + " was refused because it " + reason;
        LOG.warn("Rank {} refused a connection from {}: it {}", own, caller.remote, reason);
        key.cancel();
        RingChannels.closeQuietly(caller.channel);
    }

    /** The state of one handshake; messages are so short that a fresh socket takes each at once. */
    private final class Caller {
        private final SocketChannel channel;
        private final String remote;
        private final long since = nanoTime.getAsLong();
        private final byte[] nonce = Handshake.nonce();
        private ByteBuffer inbound = ByteBuffer.allocate(Handshake.HELLO_BYTES);
        private byte[] hello;
        private int stream;

        Caller(SocketChannel channel) throws IOException {
            this.channel = channel;
            this.remote = String.valueOf(channel.getRemoteAddress());
        }

        void read(SelectionKey key) throws IOException {
            if (channel.read(inbound) < 0) {
                drop(key, "closed the connection");
            } else if (hello == null && inbound.position() >= Integer.BYTES && inbound.getInt(0) != Handshake.MAGIC) {
                refuse(key, Status.NO_HELLO);
            } else if (!inbound.hasRemaining()) {
                if (hello == null) {
                    answerHello(key);
                } else {
                    answerProof(key);
                }
            }
        }

        private void answerHello(SelectionKey key) throws IOException {
            hello = inbound.array();
            Hello said = Hello.decode(hello);
            stream = said.stream();
            if (said.attempt() != attempt) {
                refuse(key, Status.OTHER_ATTEMPT);
            } else if (said.caller() != left
                    || said.listener() != own
                    || said.worldSize() != worldSize
                    || !accepted.expects(stream)) {
                refuse(key, Status.OTHER_PLACE);
            } else {
                inbound = ByteBuffer.allocate(Handshake.PROOF_BYTES);
                answer(Status.WELCOME, nonce);
            }
        }

        private void answerProof(SelectionKey key) throws IOException {
            if (!Handshake.matches(inbound.array(), Handshake.callerProof(secret, hello, nonce))) {
                refuse(key, Status.NO_PROOF);
            } else if (!accepted.expects(stream)) {
                refuse(key, Status.OTHER_PLACE);
            } else {
                answer(Status.WELCOME, Handshake.listenerProof(secret, hello, nonce));
                key.cancel();
                accepted.put(stream, RingConnection.ofListener(channel, options, hello, nonce));
            }
        }

        private void refuse(SelectionKey key, Status status) throws IOException {
            answer(status, new byte[Handshake.NONCE_BYTES]);
            drop(key, "could not be let in (" + status.text() + ")");
        }

        private void answer(Status status, byte[] content) throws IOException {
            ByteBuffer answer = ByteBuffer.allocate(Handshake.ANSWER_BYTES)
                    .put((byte) status.ordinal())
                    .put(content);
            if (channel.write(answer.flip()) < Handshake.ANSWER_BYTES) {
                throw new IOException("the caller takes no answer");
            }
        }
    }

    /** Ends the listener; connections already handed out by {@link #await} stay open. */
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        Daemons.join(thread);
        if (!handedOver) {
            accepted.close();
        }
    }
}
