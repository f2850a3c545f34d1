// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.dataset;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Which runs have tables in an output folder: {@value #NAME}. A run removes nothing that is not named there, so that
 * what other programs put beside the tables stays. Written by the owner of the folder alone.
 */
public final class OutputRuns {
    public static final String NAME = "runs.json";

    private static final Logger LOG = LogManager.getLogger(OutputRuns.class);
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * One run.
     *
     * @param name as in the manifest
     * @param replaced when another took its place, ISO 8601; null for the published one, and for those that came to no
     *     end
     */
    private record Entry(
            @JsonProperty("run") String name,
            @JsonProperty("replaced") String replaced) {
        private boolean isReplacedFor(Duration time, Instant now) {
            return !Instant.parse(replaced).plus(time).isAfter(now);
        }
    }

    private final HadoopStorage output;
    private final List<String> tables;
    private final String self;
    private final Optional<String> before;

    private OutputRuns(HadoopStorage output, List<String> tables, String self, Optional<String> before) {
        this.output = output;
        this.tables = tables;
        this.self = self;
        this.before = before;
    }

    /**
     * Records a run before it writes anything.
     *
     * @param tables names of the folders in which each run has a folder {@code run=<name>}
     * @param before the run that the manifest names, which this one is to replace
     */
    public static OutputRuns begin(HadoopStorage output, List<String> tables, String self, Optional<String> before)
            throws IOException {
        OutputRuns runs = new OutputRuns(output, tables, self, before);
        List<Entry> all = new ArrayList<>(runs.read());
        if (before.isPresent() && all.stream().noneMatch(run -> run.name().equals(before.get()))) {
            all.add(new Entry(before.get(), null)); // of a version that kept no records
        }
        all.add(new Entry(self, null));
        runs.write(all);
        return runs;
    }

    /** Records that the run before is replaced; to be called before the manifest says so. */
    public void markReplaced(Instant now) throws IOException {
        write(read().stream()
                .map(run -> before.equals(Optional.of(run.name())) ? new Entry(run.name(), now.toString()) : run)
                .toList());
    }

    /**
     * Removes the tables of runs that came to no end, and of those that were replaced long ago; to be called once the
     * manifest names this run.
     *
     * @param keep how long those that read a replaced run may go on
     */
    public void removeOthers(Duration keep, Instant now) throws IOException {
        List<Entry> kept = new ArrayList<>();
        for (Entry run : read()) {
            boolean remove = !run.name().equals(self) && (run.replaced() == null || run.isReplacedFor(keep, now));
            if (!remove) {
                kept.add(run);
                continue;
            }
            for (String table : tables) {
                output.delete(table + "/run=" + run.name());
            }
        }
        write(kept);
        long replaced = kept.stream().filter(run -> run.replaced() != null).count();
        if (replaced > 0) {
            LOG.info(
                    "The tables of {} replaced {} stay for those that read them; a run that ends after keep_replaced"
                            + " ({} h) removes them",
                    replaced,
                    replaced == 1 ? "run" : "runs",
                    keep.toMinutes() / 60.0);
        }
    }

    private List<Entry> read() throws IOException {
        if (!output.exists(NAME)) {
            return List.of();
        }
        try (InputStream in = output.open(NAME)) {
            return JSON.readValue(in, new TypeReference<List<Entry>>() {});
        } catch (JsonProcessingException e) {
            LOG.warn("Cannot read {}/{}: {}. Tables of earlier runs stay.", output, NAME, e.getOriginalMessage());
            return List.of();
        }
    }

    private void write(List<Entry> runs) throws IOException {
        output.atomicPut(NAME, JSON.writeValueAsBytes(runs));
    }
}
