// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Fetches a file over http or https, from allowed hosts only, within a size and a time. */
final class WebFile {
    private static final int MOST_REDIRECTIONS = 5;
    private static final int BUFFER_BYTES = 1 << 16;

    private final List<String> hosts;
    private final long mostBytes;
    private final int seconds;

    /** @param hosts where redirections may lead, too */
    WebFile(List<String> hosts, long mostBytes, int seconds) {
        this.hosts = hosts;
        this.mostBytes = mostBytes;
        this.seconds = seconds;
    }

    /**
     * The bytes of a file.
     *
     * @throws IOException if it cannot be had; the message says why in a clause
     * @throws io.sparkreel.jobs.error.UserError if a redirection leads to a host that is not allowed
     */
    byte[] fetch(String address) throws IOException {
        // A thread of its own, because no timeout of the client covers a body that trickles in.
        FutureTask<byte[]> task = new FutureTask<>(() -> follow(ReferencePolicy.requireAllowed(hosts, address)));
        Thread thread = new Thread(task, "fetch " + address);
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(seconds, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            throw new IOException("it took longer than " + seconds + " s", e);
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("it was interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof io.sparkreel.jobs.error.UserError refused) {
                throw refused;
            }
            String reason = e.getCause().getMessage() == null
                    ? e.getCause().toString()
                    : e.getCause().getMessage();
            throw new IOException(reason, e.getCause());
        }
    }

    private byte[] follow(URI address) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(Duration.ofSeconds(seconds))
                .build();
        URI next = address;
        for (int hop = 0; hop <= MOST_REDIRECTIONS; hop++) {
            ReferencePolicy.requirePublic(hosts, next);
            HttpRequest request = HttpRequest.newBuilder(next)
                    .timeout(Duration.ofSeconds(seconds))
                    .GET()
                    .build();
            HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                // Its name may lead elsewhere by now; what the client found is still what the JVM remembers.
                ReferencePolicy.requirePublic(hosts, next);
                if (response.statusCode() == 200) {
                    return read(body);
                }
                Optional<String> location = response.headers().firstValue("location");
                if (response.statusCode() / 100 != 3 || location.isEmpty()) {
                    throw new IOException("the server answered " + response.statusCode());
                }
                try {
                    next = ReferencePolicy.requireAllowed(
                            hosts, next.resolve(location.get()).toString());
                } catch (IllegalArgumentException e) {
                    throw new IOException("the server redirected to no address", e);
                }
            }
        }
        throw new IOException("the server redirected more than " + MOST_REDIRECTIONS + " times");
    }

    private byte[] read(InputStream body) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
            if (bytes.size() + count > mostBytes) {
                throw new IOException("it has more than " + mostBytes + " bytes");
            }
            bytes.write(buffer, 0, count);
        }
        return bytes.toByteArray();
    }
}
