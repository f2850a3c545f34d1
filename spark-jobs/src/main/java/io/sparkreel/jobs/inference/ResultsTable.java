// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.SparkSession;

/** The {@code results} of an output folder over all runs into it: one Parquet table, written at the end of a run. */
final class ResultsTable {
    static final String FOLDER = "results";
    private static final String FILE = FOLDER + "/results.parquet";

    private final HadoopStorage output;
    private final Map<ClipResult.Key, ClipResult> results = new LinkedHashMap<>();

    private ResultsTable(HadoopStorage output) {
        this.output = output;
    }

    /** Reads what earlier runs left, killed ones included. */
    static ResultsTable open(HadoopStorage output, SparkSession spark) throws IOException {
        ResultsTable table = new ResultsTable(output);
        if (output.exists(FILE)) {
            table.add(Tables.reader(spark).schema(ClipResult.COLUMNS).parquet(output.uri(FILE)).collectAsList().stream()
                    .map(ClipResult::of)
                    .toList());
        }
        table.add(ResultsJournal.read(output));
        return table;
    }

    /** What is known of a sample, or null. */
    synchronized ClipResult find(long promptId, int sample) {
        return results.get(new ClipResult.Key(promptId, sample));
    }

    /** Takes results in place of earlier ones of the same samples. */
    synchronized void add(List<ClipResult> newer) {
        newer.forEach(result -> results.put(result.key(), result));
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
        ResultsJournal.delete(output);
    }
}
