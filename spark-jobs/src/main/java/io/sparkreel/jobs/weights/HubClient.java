// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.Digests;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Talks to a Hugging Face hub. A transfer that breaks off, or brings nothing for a while, resumes from where it stood.
 * The token is sent to the hub's own host alone, not to where it redirects, and appears in no message.
 */
final class HubClient {
    private static final Logger LOG = LogManager.getLogger(HubClient.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_REDIRECTS = 5;
    private static final int MOST_FAILURES = 5;
    private static final int BUFFER_BYTES = 1 << 20;
    private static final int OK = 200;
    private static final int PARTIAL = 206;
    private static final int RANGE_NOT_SATISFIABLE = 416;

    /** A repository's commit, and the names of its files. */
    record Listing(String commit, List<String> files) {}

    /** A file: where it is, its length, and its tag: the SHA-256 of its content, or its SHA-1 as git takes it. */
    record Remote(URI address, String tag, long bytes) {}

    private final URI endpoint;
    private final Supplier<String> token;
    private final Duration firstPause;
    private final Duration longestSilence;
    private final HttpClient http = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(Duration.ofSeconds(30))
            .build();

    HubClient(URI endpoint, Supplier<String> token) {
        this(endpoint, token, Duration.ofSeconds(1), Duration.ofSeconds(60));
    }

    /**
     * @param firstPause between a failure and the next try; it doubles from failure to failure
     * @param longestSilence after which a connection counts as broken
     */
    HubClient(URI endpoint, Supplier<String> token, Duration firstPause, Duration longestSilence) {
        this.endpoint = endpoint;
        this.token = token;
        this.firstPause = firstPause;
        this.longestSilence = longestSilence;
    }

    /** Work on the network. */
    private interface Exchange<T> {
        T run() throws IOException, InterruptedException;
    }

    /** What is at the head of {@code main}. */
    Listing list(String id) throws IOException {
        URI address = URI.create(endpoint + "/api/models/" + id + "/revision/main");
        return persistently(address, () -> {
            HttpResponse<InputStream> response = send("GET", address, 0);
            try (InputStream body = response.body()) {
                require(response, address);
                JsonNode tree = JSON.readTree(body);
                String commit = tree.path("sha").asText();
                if (!commit.matches("[0-9a-f]{40}")) {
                    throw unusable(address, "it names no commit");
                }
                List<String> files = new ArrayList<>();
                tree.path("siblings")
                        .forEach(file -> files.add(file.path("rfilename").asText()));
                return new Listing(commit, files);
            } catch (JsonProcessingException e) {
                throw unusable(address, "it is no JSON, " + e.getOriginalMessage());
            }
        });
    }

    /** Length and checksum of a file. */
    Remote describe(String id, String commit, String name) throws IOException {
        URI address = URI.create(endpoint + "/" + id + "/resolve/" + commit + "/" + name);
        return persistently(address, () -> {
            HttpResponse<InputStream> response = send("HEAD", address, 0);
            response.body().close();
            // Large files are stored elsewhere; the redirect to there says what they are.
            String tag = header(response, "X-Linked-Etag");
            String bytes = header(response, "X-Linked-Size");
            if (tag == null) {
                require(response, address);
                tag = header(response, "ETag");
                bytes = header(response, "Content-Length");
            }
            tag = tag == null ? "" : tag.replaceAll("^W/|\"", "");
            if (!tag.matches("[0-9a-f]{40}|[0-9a-f]{64}") || bytes == null || !bytes.matches("\\d{1,18}")) {
                throw unusable(address, "it comes without length or checksum");
            }
            return new Remote(address, tag, Long.parseLong(bytes));
        });
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse(null);
    }

    /**
     * Completes a file that may have been begun earlier, and compares it with its checksum.
     *
     * @throws UserError if what comes is not what the hub announces
     */
    void download(Remote remote, Path file) throws IOException {
        for (int attempt = 0; attempt < 2; attempt++) {
            persistently(remote.address(), () -> transfer(remote, file));
            if (tag(file, remote).equals(remote.tag())) {
                return;
            }
            Files.delete(file); // nothing of it can be trusted
        }
        throw new UserError("Cannot download " + remote.address() + ": what comes does not match the checksum "
                + remote.tag() + ". Try again later, or get the files another way.");
    }

    private Path transfer(Remote remote, Path file) throws IOException, InterruptedException {
        long begin = Files.exists(file) ? Files.size(file) : 0;
        if (begin > remote.bytes()) {
            Files.delete(file);
            begin = 0;
        }
        if (begin == remote.bytes() && Files.exists(file)) {
            return file;
        }
        HttpResponse<InputStream> response = send("GET", remote.address(), begin);
        try (InputStream body = response.body()) {
            if (response.statusCode() == RANGE_NOT_SATISFIABLE) {
                Files.deleteIfExists(file);
                throw new IOException("the hub does not know the range it was asked for");
            }
            require(response, remote.address());
            boolean goesOn = response.statusCode() == PARTIAL
                    && Objects.requireNonNullElse(header(response, "Content-Range"), "")
                            .startsWith("bytes " + begin + "-");
            if (response.statusCode() == PARTIAL && !goesOn) {
                throw unusable(remote.address(), "another range came than was asked for");
            }
            try (OutputStream out = Files.newOutputStream(
                    file,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    goesOn ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING)) {
                copy(body, out, remote.bytes() - (goesOn ? begin : 0));
            }
        }
        long have = Files.size(file);
        if (have != remote.bytes()) {
            throw new Broken("it broke off after " + have + " of " + remote.bytes() + " bytes", have > begin);
        }
        return file;
    }

    /** Copies until the end; a body that is silent too long, or longer than announced, is cut. */
    private void copy(InputStream body, OutputStream out, long most) throws IOException {
        AtomicLong lastByte = new AtomicLong(System.nanoTime());
        ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "sparkreel-download-watch");
            thread.setDaemon(true);
            return thread;
        });
        long period = Math.max(1, longestSilence.toMillis() / 4);
        var unused = watch.scheduleWithFixedDelay(
                () -> {
                    if (System.nanoTime() - lastByte.get() > longestSilence.toNanos()) {
                        try {
                            body.close(); // wakes the reader
                        } catch (IOException e) {
                            LOG.debug("closing a silent connection", e);
                        }
                    }
                },
                period,
                period,
                TimeUnit.MILLISECONDS);
        try {
            byte[] buffer = new byte[BUFFER_BYTES];
            long left = most;
            for (int count = body.read(buffer); count >= 0 && left > 0; count = body.read(buffer)) {
                lastByte.set(System.nanoTime());
                int kept = (int) Math.min(count, left);
                out.write(buffer, 0, kept);
                left -= kept;
            }
        } catch (IOException e) {
            LOG.debug("transfer", e); // what is missing shows in the length
        } finally {
            watch.shutdownNow();
        }
    }

    /** A transfer that ended early. */
    private static final class Broken extends IOException {
        private static final long serialVersionUID = 1L;
        private final boolean gotFurther;

        Broken(String message, boolean gotFurther) {
            super(message);
            this.gotFurther = gotFurther;
        }
    }

    private <T> T persistently(URI address, Exchange<T> exchange) throws IOException {
        int failures = 0;
        while (true) {
            try {
                return exchange.run();
            } catch (IOException e) {
                failures = e instanceof Broken broken && broken.gotFurther ? 1 : failures + 1;
                if (failures >= MOST_FAILURES) {
                    throw new UserError(
                            "Cannot download " + address + ": " + said(e) + ", " + failures
                                    + " times in a row. Check the network and HF_ENDPOINT, or get the files another way.",
                            e);
                }
                LOG.warn("Trying {} again: {}", address, said(e));
                pause(firstPause.multipliedBy(1L << (failures - 1)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while downloading " + address, e);
            }
        }
    }

    private static String said(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static void pause(Duration time) throws IOException {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting to download", e);
        }
    }

    /** Sends a request and follows redirects, a HEAD's only within the hub. */
    private HttpResponse<InputStream> send(String method, URI address, long begin)
            throws IOException, InterruptedException {
        URI next = address;
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(next)
                    .timeout(longestSilence)
                    .method(method, HttpRequest.BodyPublishers.noBody());
            String secret = token.get();
            if (!secret.isEmpty() && isHub(next)) {
                request.header("Authorization", "Bearer " + secret);
            }
            if (begin > 0) {
                request.header("Range", "bytes=" + begin + "-");
            }
            HttpResponse<InputStream> response = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            String location = header(response, "Location");
            if (response.statusCode() / 100 != 3
                    || location == null
                    || (method.equals("HEAD") && header(response, "X-Linked-Etag") != null)) {
                return response;
            }
            response.body().close();
            next = redirected(next, location);
        }
        throw unusable(address, "it redirects more than " + MOST_REDIRECTS + " times");
    }

    private static URI redirected(URI from, String location) {
        URI target;
        try {
            target = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw unusable(from, "it redirects to no address");
        }
        boolean safe = "https".equals(target.getScheme())
                || ("http".equals(target.getScheme()) && "http".equals(from.getScheme()));
        if (!safe) {
            throw unusable(from, "it redirects away from https");
        }
        return target;
    }

    private boolean isHub(URI address) {
        return Objects.equals(address.getScheme(), endpoint.getScheme())
                && Objects.equals(address.getHost(), endpoint.getHost())
                && address.getPort() == endpoint.getPort();
    }

    private static void require(HttpResponse<?> response, URI address) throws IOException {
        switch (response.statusCode()) {
            case OK, PARTIAL -> {}
            case 401, 403 ->
                throw new UserError("Cannot download " + address + ": the hub refuses it (status "
                        + response.statusCode() + "). Set HF_TOKEN to a token that may read it.");
            case 404 ->
                throw new UserError(
                        "Cannot download " + address + ": there is no such thing. Check the hub id and HF_ENDPOINT.");
            default -> throw new IOException("the hub answers with status " + response.statusCode());
        }
    }

    private static UserError unusable(URI address, String found) {
        return new UserError("Cannot download " + address + ": " + found + ". Check HF_ENDPOINT.");
    }

    /** The tag that a hub would give to a file's content. */
    private static String tag(Path file, Remote remote) throws IOException {
        boolean large = remote.tag().length() == 64;
        MessageDigest digest = Digests.of(large ? "SHA-256" : "SHA-1");
        if (!large) {
            digest.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.UTF_8));
        }
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
        }
        return Digests.hex(digest);
    }
}
