// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.metrics.TensorBoardWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The scalars of a run as an event file; every start of the run adds one to the folder. Where steps are taken again,
 * readers are made to forget them, so that they show one curve.
 */
final class TensorBoardLog implements LineSink {
    /** Folder of the event files in the run folder. */
    static final String FOLDER = "tensorboard";

    private final TensorBoardWriter writer;
    private long next = 1; // the first step of which nothing may be known that is to come
    private boolean begins = true; // with the next scalar

    TensorBoardLog(HadoopStorage run) throws IOException {
        Instant now = Instant.now();
        String name =
                TensorBoardWriter.fileName(now, UUID.randomUUID().toString().substring(0, 8));
        writer = new TensorBoardWriter(create(run, FOLDER + "/" + name), now);
    }

    /** Hadoop's local files are buffered by the chunk and have checksum files beside them, which readers take for events. */
    private static OutputStream create(HadoopStorage run, String name) throws IOException {
        Optional<Path> local = run.localPath(name);
        if (local.isEmpty()) {
            return run.create(name);
        }
        Files.createDirectories(local.get().getParent());
        return new BufferedOutputStream(Files.newOutputStream(local.get()));
    }

    @Override
    public void earlier(JsonNode line) {
        next = Math.max(next, line.path("step").asLong() + 1);
    }

    @Override
    public void rewound(long step, List<JsonNode> lines) {
        next = step + 1;
        begins = true;
    }

    @Override
    public void line(JsonNode line) throws IOException {
        Map<String, Double> scalars = Scalars.of(line);
        Instant time = line.has("time") ? Instant.parse(line.get("time").asText()) : Instant.now();
        if (begins && !scalars.isEmpty()) {
            writer.begin(next, time);
            begins = false;
        }
        for (Map.Entry<String, Double> scalar : scalars.entrySet()) {
            writer.scalar(
                    scalar.getKey(),
                    line.get("step").asLong(),
                    scalar.getValue().floatValue(),
                    time);
        }
        if (!scalars.isEmpty()) {
            writer.flush();
        }
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
