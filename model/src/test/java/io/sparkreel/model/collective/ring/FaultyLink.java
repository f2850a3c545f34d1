// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import io.sparkreel.model.collective.Rendezvous;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** The network between a rank and its left neighbour, with one fault on the way from left to right. */
final class FaultyLink implements Closeable {

    /** What goes wrong, from the fault's byte on. */
    enum Kind {
        NONE,
        /** 40 bytes are lost. */
        DROP,
        /** Everything waits until the ring has long given up. */
        DELAY,
        /** Nothing more arrives; the connection stays open. */
        TRUNCATE,
        /** 40 bytes arrive twice. */
        DUPLICATE,
        /** One bit is turned over. */
        FLIP,
        /** The connection closes. */
        CLOSE
    }

    /**
     * @param stream data stream, or {@link Handshake#CONTROL}
     * @param at byte, from the first after the handshake
     */
    record Fault(Kind kind, int stream, long at) {
        static final Fault NONE = new Fault(Kind.NONE, 0, 0);
    }

    private static final int EXTENT = 40;
    private static final int HANDSHAKE_BYTES = Handshake.HELLO_BYTES + Handshake.PROOF_BYTES;

    private final ServerSocket server;
    private final Fault fault;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private volatile int targetPort;
    private volatile boolean frozen;
    private final ByteArrayOutputStream passed = new ByteArrayOutputStream(); // guarded by itself

    FaultyLink(Fault fault) throws IOException {
        this.fault = fault;
        this.server = new ServerSocket(0, 256, InetAddress.getByName("127.0.0.1"));
        daemon(this::accept);
    }

    /** The rendezvous of the left neighbour, which finds this link where rank {@code target} listens. */
    Rendezvous before(int target, Rendezvous rendezvous) {
        return RankThreads.rewriting(rendezvous, told -> {
            String[] parts = told.get(target).split(" ", 3);
            targetPort = Integer.parseInt(parts[1]);
            List<String> changed = new ArrayList<>(told);
            changed.set(target, parts[0] + " " + server.getLocalPort() + " " + parts[2]);
            return changed;
        });
    }

    /** From now on nothing passes in either direction, and no connection closes. */
    void freeze() {
        frozen = true;
    }

    /** All that has passed so far, of all connections and both directions. */
    byte[] passed() {
        synchronized (passed) {
            return passed.toByteArray();
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket left = server.accept();
                Socket right = new Socket("127.0.0.1", targetPort);
                left.setTcpNoDelay(true);
                right.setTcpNoDelay(true);
                sockets.add(left);
                sockets.add(right);
                daemon(() -> forward(left, right));
                daemon(() -> copy(right, left));
            }
        } catch (IOException closed) {
            // The end of the test.
        }
    }

    private void forward(Socket left, Socket right) {
        try {
            DataInputStream in = new DataInputStream(left.getInputStream());
            OutputStream out = right.getOutputStream();
            byte[] hello = new byte[Handshake.HELLO_BYTES];
            in.readFully(hello);
            boolean faulty = ByteBuffer.wrap(hello).getInt(4) == fault.stream && fault.kind != Kind.NONE;
            out.write(hello);
            long from = HANDSHAKE_BYTES + fault.at;
            long position = hello.length;
            byte[] buffer = new byte[4096];
            for (int count; (count = in.read(buffer)) >= 0; position += count) {
                if (!faulty || position + count <= from || position >= from + EXTENT) {
                    write(out, buffer, 0, count);
                    continue;
                }
                int start = (int) Math.max(0, from - position);
                write(out, buffer, 0, start);
                if (!spoil(in, out, left, right, buffer, start, count, position)) {
                    return;
                }
            }
            right.shutdownOutput();
        } catch (IOException | InterruptedException ended) {
            closeAll(left, right);
        }
    }

    /** Passes {@code buffer} from {@code start} on with the fault; returns whether the connection lives on. */
    private boolean spoil(
            InputStream in,
            OutputStream out,
            Socket left,
            Socket right,
            byte[] buffer,
            int start,
            int count,
            long position)
            throws IOException, InterruptedException {
        int end = (int) Math.min(count, HANDSHAKE_BYTES + fault.at + EXTENT - position);
        boolean first = position + start == HANDSHAKE_BYTES + fault.at;
        switch (fault.kind) {
            case DROP -> write(out, buffer, end, count);
            case DUPLICATE -> {
                write(out, buffer, start, end);
                write(out, buffer, start, count);
            }
            case FLIP -> {
                if (first) {
                    buffer[start] ^= 0x10;
                }
                write(out, buffer, start, count);
            }
            case DELAY -> {
                closing.await();
                write(out, buffer, start, count);
            }
            case TRUNCATE -> {
                while (in.read(buffer) >= 0) {
                    // Swallowed.
                }
                closing.await();
                return false;
            }
            case CLOSE -> {
                closeAll(left, right);
                return false;
            }
            default -> throw new IllegalStateException(fault.toString());
        }
        return true;
    }

    private void copy(Socket from, Socket to) {
        try {
            byte[] buffer = new byte[4096];
            InputStream in = from.getInputStream();
            for (int count; (count = in.read(buffer)) >= 0; ) {
                write(to.getOutputStream(), buffer, 0, count);
            }
            if (!frozen) {
                to.shutdownOutput();
            }
        } catch (IOException | InterruptedException ended) {
            closeAll(from, to);
        }
    }

    private void write(OutputStream out, byte[] buffer, int from, int to) throws IOException, InterruptedException {
        if (frozen) {
            closing.await();
            throw new IOException("what was held up is lost with the connection");
        }
        synchronized (passed) {
            passed.write(buffer, from, to - from);
        }
        out.write(buffer, from, to - from);
    }

    private static void daemon(Runnable body) {
        Thread thread = new Thread(body, "faulty-link");
        thread.setDaemon(true);
        thread.start();
    }

    private static void closeAll(Socket... sockets) {
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException ignored) {
                // Closed is closed.
            }
        }
    }

    /** Breaks every connection. */
    void cut() {
        closing.countDown();
        closeAll(sockets.toArray(Socket[]::new));
    }

    @Override
    public void close() throws IOException {
        server.close();
        cut();
    }
}
