// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.weights;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A hub as the Hugging Face one behaves: it lists repositories, and redirects large files to a server of another name.
 * Tags are given by the test, which has them from sha256sum and git.
 */
final class LocalHub implements AutoCloseable {
    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    /** @param large whether it lies on the other server */
    record Stored(byte[] content, String tag, boolean large) {}

    final Map<String, Stored> files = new TreeMap<>();
    final List<String> requests = new CopyOnWriteArrayList<>();
    final List<String> strangersSaw = new CopyOnWriteArrayList<>(); // Authorization headers at the other server
    String requiredToken = "";
    /** Bytes after which the next transfers break off, one number for each. */
    final List<Integer> breaks = new CopyOnWriteArrayList<>();

    boolean silentInstead;
    /** How long it is silent. */
    final CountDownLatch silence = new CountDownLatch(1);

    boolean ignoresRanges;

    private final String id;
    private final HttpServer hub;
    private final HttpServer store;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    LocalHub(String id) throws IOException {
        this.id = id;
        hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        store = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hub.createContext("/", this::answerAsHub);
        store.createContext("/", this::answerAsStore);
        hub.setExecutor(threads);
        store.setExecutor(threads);
        hub.start();
        store.start();
    }

    String address() {
        return "http://127.0.0.1:" + hub.getAddress().getPort();
    }

    private void answerAsHub(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String range = exchange.getRequestHeaders().getFirst("Range");
            requests.add(exchange.getRequestMethod() + " " + path + (range == null ? "" : " " + range));
            String token = exchange.getRequestHeaders().getFirst("Authorization");
            if (!requiredToken.isEmpty() && !("Bearer " + requiredToken).equals(token)) {
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            if (path.equals("/api/models/" + id + "/revision/main")) {
                ObjectNode listing = new ObjectMapper().createObjectNode().put("sha", COMMIT);
                files.keySet()
                        .forEach(name ->
                                listing.withArray("siblings").addObject().put("rfilename", name));
                byte[] body = listing.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
                return;
            }
            String prefix = "/" + id + "/resolve/" + COMMIT + "/";
            Stored file = path.startsWith(prefix) ? files.get(path.substring(prefix.length())) : null;
            if (file == null) {
                exchange.sendResponseHeaders(404, -1);
            } else if (file.large()) {
                exchange.getResponseHeaders().add("X-Linked-Etag", "\"" + file.tag() + "\"");
                exchange.getResponseHeaders().add("X-Linked-Size", Integer.toString(file.content().length));
                exchange.getResponseHeaders()
                        .add(
                                "Location",
                                "http://127.0.0.1:" + store.getAddress().getPort() + "/"
                                        + path.substring(prefix.length()));
                exchange.sendResponseHeaders(302, -1);
            } else {
                send(exchange, file);
            }
        }
    }

    private void answerAsStore(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (exchange.getRequestHeaders().containsKey("Authorization")) {
                strangersSaw.add(exchange.getRequestHeaders().getFirst("Authorization"));
            }
            send(exchange, files.get(exchange.getRequestURI().getPath().substring(1)));
        }
    }

    private void send(HttpExchange exchange, Stored file) throws IOException {
        byte[] content = file.content();
        exchange.getResponseHeaders().add("ETag", "\"" + file.tag() + "\"");
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().add("Content-Length", Integer.toString(content.length));
            exchange.sendResponseHeaders(200, -1);
            return;
        }
        String range = exchange.getRequestHeaders().getFirst("Range");
        int begin = range == null || ignoresRanges ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
        if (range != null && !ignoresRanges) {
            exchange.getResponseHeaders()
                    .add("Content-Range", "bytes " + begin + "-" + (content.length - 1) + "/" + content.length);
        }
        exchange.sendResponseHeaders(begin > 0 ? 206 : 200, content.length - begin);
        OutputStream out = exchange.getResponseBody();
        if (breaks.isEmpty()) {
            out.write(content, begin, content.length - begin);
            return;
        }
        out.write(content, begin, breaks.remove(0));
        out.flush();
        if (silentInstead) {
            try {
                silence.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        throw new IOException("breaks off as the test asks");
    }

    @Override
    public void close() {
        hub.stop(0);
        store.stop(0);
        threads.shutdownNow();
    }
}
