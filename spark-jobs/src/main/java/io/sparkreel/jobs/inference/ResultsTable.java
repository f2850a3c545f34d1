// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.sql.SparkSession;

/**
 * The {@code results} of an output folder over all runs into it. While a run goes on its results go into small files
 * of a journal, so that a run that is killed leaves word of what it did; at its end all become one Parquet table.
 */
final class ResultsTable implements AutoCloseable {
    static final String FOLDER = "results";
    private static final String FILE = FOLDER + "/results.parquet";
    private static final String JOURNAL = "results.journal";
    private static final String SEGMENT = ".jsonl";
    private static final int LAST_PUT_S = 60;
    private static final Logger LOG = LogManager.getLogger(ResultsTable.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HadoopStorage output;
    private final Map<ClipResult.Key, ClipResult> results = new LinkedHashMap<>();
    private final List<ClipResult> unwritten = new ArrayList<>();
    private final String run = UUID.randomUUID().toString();
    private int segments;
    private final ExecutorService journal = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "results-journal");
        thread.setDaemon(true);
        return thread;
    });

    private ResultsTable(HadoopStorage output) {
        this.output = output;
    }

    /** Reads what earlier runs left, killed ones included. */
    static ResultsTable open(HadoopStorage output, SparkSession spark) throws IOException {
        ResultsTable table = new ResultsTable(output);
        if (output.exists(FILE)) {
            spark.read().schema(ClipResult.COLUMNS).parquet(output.uri(FILE)).collectAsList()
                    .forEach(row -> table.put(ClipResult.of(row)));
        }
        for (String segment : output.list(JOURNAL)) {
            if (segment.endsWith(SEGMENT)) { // and is no half one of a run that was killed
                table.readSegment(JOURNAL + "/" + segment);
            }
        }
        return table;
    }

    private void readSegment(String path) throws IOException {
        try (InputStream in = output.open(path)) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
                put(JSON.readValue(line, ClipResult.class));
            }
        }
    }

    private void put(ClipResult result) {
        results.put(result.key(), result);
    }

    /** What is known of a sample, or null. */
    synchronized ClipResult find(long promptId, int sample) {
        return results.get(new ClipResult.Key(promptId, sample));
    }

    /** Takes results that belong together: all or none of them are in the journal soon after. */
    synchronized void add(List<ClipResult> together) {
        together.forEach(this::put);
        unwritten.addAll(together);
        journal.execute(this::flush); // one put takes all that came during the one before
    }

    private void flush() {
        List<ClipResult> taken;
        synchronized (this) {
            taken = List.copyOf(unwritten);
            unwritten.clear();
        }
        if (taken.isEmpty()) {
            return;
        }
        try {
            StringBuilder lines = new StringBuilder();
            for (ClipResult result : taken) {
                lines.append(JSON.writeValueAsString(result)).append('\n');
            }
            // Read back in the order of names; the runs of one folder follow each other.
            String name = String.format("%s/%019d-%s-%09d" + SEGMENT, JOURNAL, System.currentTimeMillis(), run, segments++);
            output.atomicPut(name, lines.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException | RuntimeException e) {
            LOG.warn("Cannot write to the journal of results; a run that is killed now would do some clips again", e);
        }
    }

    /** All results, by prompt and sample. */
    synchronized List<ClipResult> all() {
        Map<ClipResult.Key, ClipResult> sorted = new TreeMap<>(
                Comparator.comparingLong(ClipResult.Key::promptId).thenComparingInt(ClipResult.Key::sample));
        sorted.putAll(results);
        return List.copyOf(sorted.values());
    }

    /** Writes the whole table, one file in one step, in place of the old one and of the journal. */
    void commit() throws IOException {
        close();
        Path scratch = Files.createTempDirectory("sparkreel-results");
        Path local = scratch.resolve("results.parquet");
        try {
            ResultsFile.write(all(), local);
            output.atomicPut(FILE, local);
        } finally {
            Files.deleteIfExists(local);
            Files.deleteIfExists(scratch.resolve(".results.parquet.crc"));
            Files.delete(scratch);
        }
        output.delete(JOURNAL);
    }

    /** Leaves what was taken in the journal. */
    @Override
    public void close() {
        journal.shutdown();
        try {
            if (!journal.awaitTermination(LAST_PUT_S, TimeUnit.SECONDS)) {
                LOG.warn("The journal of results is not written after {} s", LAST_PUT_S);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
