// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.metrics.TensorBoardWriter;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/** The scalars of a run as an event file; every start of the run adds one to the folder. */
final class TensorBoardLog implements LineSink {
    /** Folder of the event files in the run folder. */
    static final String FOLDER = "tensorboard";

    private final TensorBoardWriter writer;

    TensorBoardLog(HadoopStorage run) throws IOException {
        Instant now = Instant.now();
        String name = TensorBoardWriter.fileName(now, UUID.randomUUID().toString().substring(0, 8));
        writer = new TensorBoardWriter(run.create(FOLDER + "/" + name), now);
    }

    @Override
    public void line(JsonNode line) throws IOException {
        Map<String, Double> scalars = Scalars.of(line);
        Instant time = line.has("time") ? Instant.parse(line.get("time").asText()) : Instant.now();
        for (Map.Entry<String, Double> scalar : scalars.entrySet()) {
            writer.scalar(scalar.getKey(), line.get("step").asLong(), scalar.getValue().floatValue(), time);
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
