// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a run leaves word of while it goes on, so that one that is killed is gone on with: a small file of results for
 * each batch, put by whoever knows them. An executor puts them before the clips themselves; hence there is no clip
 * without its result, and a result without its clip says that the clip is wanting.
 */
final class ResultsJournal {
    private static final String FOLDER = "results.journal";
    private static final String SEGMENT = ".jsonl";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HadoopStorage output;
    private final String run;

    /** @param run whose results are written; sorts after those of earlier runs into the folder */
    ResultsJournal(HadoopStorage output, String run) {
        this.output = output;
        this.run = run;
    }

    /**
     * Puts results in one step.
     *
     * @param name of what they belong to, unique in the run; earlier results under the same name go
     */
    void write(String name, List<ClipResult> results) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (ClipResult result : results) {
            lines.append(JSON.writeValueAsString(result)).append('\n');
        }
        output.atomicPut(
                FOLDER + "/" + run + "-" + name + SEGMENT, lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** All results that are left, those of earlier runs first. */
    static List<ClipResult> read(HadoopStorage output) throws IOException {
        List<ClipResult> results = new ArrayList<>();
        for (String segment : output.list(FOLDER)) {
            if (!segment.endsWith(SEGMENT)) {
                continue; // a half one of a process that was killed
            }
            try (InputStream in = output.open(FOLDER + "/" + segment)) {
                for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .toList()) {
                    results.add(JSON.readValue(line, ClipResult.class));
                }
            }
        }
        return results;
    }

    /** Removes it, once its results are in a table. */
    static void delete(HadoopStorage output) throws IOException {
        output.delete(FOLDER);
    }
}
