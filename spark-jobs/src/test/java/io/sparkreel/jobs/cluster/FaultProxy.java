// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stands before a web server and does what networks and busy stores do: it answers 503, resets connections in the
 * middle of an answer, and lets answers trickle. Every connection carries one request. The same seed makes the same
 * series of faults, though not for the same requests.
 */
final class FaultProxy implements AutoCloseable {
    private static final String BUSY = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    private static final int MOST_HEAD_BYTES = 64 * 1024;
    private static final int BUFFER_BYTES = 16 * 1024;
    private static final int SLOW_MILLIS = 20;

    /** How often what happens, in parts of all requests. */
    record Faults(double busy, double reset, double slow) {
        static final Faults NONE = new Faults(0, 0, 0);
    }

    private enum Fate {
        WELL,
        BUSY,
        RESET,
        SLOW
    }

    private final ServerSocket server;
    private final int target;
    private final Random random;
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger ranged = new AtomicInteger();
    private final AtomicInteger busy = new AtomicInteger();
    private final AtomicInteger resets = new AtomicInteger();
    private final AtomicInteger slow = new AtomicInteger();
    private final Map<String, AtomicLong> answered = new ConcurrentHashMap<>();
    private volatile Faults faults;

    /** @param target port of the server behind */
    FaultProxy(int target, Faults faults, long seed) throws IOException {
        this.target = target;
        this.faults = faults;
        random = new Random(seed);
        server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        daemon("fault-proxy", this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    int requests() {
        return requests.get();
    }

    /** Requests that asked for a part of an object. */
    int ranged() {
        return ranged.get();
    }

    /** Bytes of the answers about a path, heads included. */
    long answered(String path) {
        return answered.entrySet().stream()
                .filter(entry -> entry.getKey().endsWith(path))
                .mapToLong(entry -> entry.getValue().get())
                .sum();
    }

    int busyAnswers() {
        return busy.get();
    }

    int resets() {
        return resets.get();
    }

    int slowAnswers() {
        return slow.get();
    }

    private static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                daemon("fault-proxy-connection", () -> serve(client));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private Fate fate() {
        double draw;
        synchronized (random) {
            draw = random.nextDouble();
        }
        if (draw < faults.busy()) {
            return Fate.BUSY;
        }
        if (draw < faults.busy() + faults.reset()) {
            return Fate.RESET;
        }
        return draw < faults.busy() + faults.reset() + faults.slow() ? Fate.SLOW : Fate.WELL;
    }

    private void serve(Socket client) {
        try (client) {
            String head = head(client.getInputStream());
            if (head.isEmpty()) {
                return;
            }
            requests.incrementAndGet();
            if (head.toLowerCase(java.util.Locale.ROOT).contains("\r\nrange: bytes=")) {
                ranged.incrementAndGet();
            }
            Fate fate = fate();
            if (fate == Fate.BUSY) {
                busy.incrementAndGet();
                refuse(client, head);
            } else {
                forward(client, head, fate);
            }
        } catch (IOException e) {
            // One of the two went away, as the other will notice.
        }
    }

    /** Up to the empty line; empty if nothing came. */
    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        int next;
        while ((next = in.read()) >= 0 && head.length() < MOST_HEAD_BYTES) {
            head.append((char) next);
            if (next == '\n'
                    && head.length() >= 4
                    && head.substring(head.length() - 4).equals("\r\n\r\n")) {
                return head.toString();
            }
        }
        return "";
    }

    private static void refuse(Socket client, String head) throws IOException {
        byte[] body = head.startsWith("HEAD ") ? new byte[0] : BUSY.getBytes(StandardCharsets.UTF_8);
        String answer = "HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: " + body.length
                + "\r\nConnection: close\r\n\r\n";
        OutputStream out = client.getOutputStream();
        out.write(answer.getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        client.shutdownOutput();
        // A request that is still coming would turn the close into a reset, and the answer would be lost.
        client.setSoTimeout(200);
        try {
            client.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (java.net.SocketTimeoutException e) {
            // it waits for us
        }
    }

    private void forward(Socket client, String head, Fate fate) throws IOException {
        try (Socket upstream = new Socket(InetAddress.getLoopbackAddress(), target)) {
            String single = head.replaceFirst("(?i)\r\nconnection: [^\r]*", "")
                    .replaceFirst("\r\n", "\r\nConnection: close\r\n");
            OutputStream out = upstream.getOutputStream();
            out.write(single.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            daemon("fault-proxy-request", () -> {
                try {
                    client.getInputStream().transferTo(out);
                } catch (IOException e) {
                    // The answer has come, or will not.
                }
            });
            String path = head.split(" ", 3)[1].replaceFirst("[?].*", "");
            answer(upstream.getInputStream(), client, fate, answered.computeIfAbsent(path, any -> new AtomicLong()));
        }
    }

    private void answer(InputStream from, Socket client, Fate fate, AtomicLong bytes) throws IOException {
        OutputStream to = client.getOutputStream();
        byte[] buffer = new byte[fate == Fate.SLOW ? BUFFER_BYTES / 4 : BUFFER_BYTES];
        if (fate == Fate.SLOW) {
            slow.incrementAndGet();
        }
        int count;
        while ((count = from.read(buffer)) >= 0) {
            bytes.addAndGet(count);
            if (fate == Fate.RESET) {
                resets.incrementAndGet();
                to.write(buffer, 0, count / 2);
                to.flush();
                client.setSoLinger(true, 0); // the close that follows is a reset
                return;
            }
            to.write(buffer, 0, count);
            if (fate == Fate.SLOW) {
                pause();
            }
        }
        client.shutdownOutput();
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(SLOW_MILLIS);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
