// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Keeps {@code run.html} and {@code costs.json} of the run folder up to date. Both are written as a whole, by a thread
 * of their own, since the folder may be slow and the log must not wait for it.
 */
final class RunPageFile implements LineSink {
    /** Name of the page in the run folder. */
    static final String NAME = "run.html";

    private static final Logger LOG = LogManager.getLogger(RunPageFile.class);
    private static final int LAST_WRITE_S = 60;

    private final HadoopStorage run;
    private final RunPage page;
    private final BucketCosts costs;
    private final long pauseNanos;
    private final ExecutorService writer = Executors.newSingleThreadExecutor(body -> {
        Thread thread = new Thread(body, "sparkreel-run-page");
        thread.setDaemon(true);
        return thread;
    });
    private long written = Long.MIN_VALUE;

    /** @param pause between two writes, at least */
    RunPageFile(HadoopStorage run, RunPage page, BucketCosts costs, Duration pause) {
        this.run = run;
        this.page = page;
        this.costs = costs;
        pauseNanos = pause.toNanos();
    }

    @Override
    public void earlier(JsonNode line) {
        page.add(line);
        costs.add(line);
        page.open();
    }

    @Override
    public void line(JsonNode line) {
        page.add(line);
        costs.add(line);
        long now = System.nanoTime();
        if (written == Long.MIN_VALUE || now - written >= pauseNanos) {
            written = now;
            write();
        }
    }

    @Override
    public void rewound(long step, List<JsonNode> lines) {
        costs.forget();
        lines.forEach(costs::add); // the page's curves drop repeated steps by themselves
    }

    @Override
    public void flush() {
        write();
    }

    private void write() {
        byte[] html = page.html(costs.json()).getBytes(StandardCharsets.UTF_8);
        byte[] sums = costs.json().toPrettyString().getBytes(StandardCharsets.UTF_8);
        writer.execute(() -> {
            try {
                run.atomicPut(BucketCosts.NAME, sums);
                run.atomicPut(NAME, html);
            } catch (IOException e) {
                LOG.warn(
                        "Cannot write {}: {}. Training continues; the page stays as it was.",
                        run.uri(NAME),
                        e.toString());
            }
        });
    }

    @Override
    public void close() {
        page.close();
        write();
        writer.shutdown();
        try {
            if (!writer.awaitTermination(LAST_WRITE_S, TimeUnit.SECONDS)) {
                LOG.warn("Gave up waiting for {} to be written", run.uri(NAME));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
