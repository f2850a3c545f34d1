// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.metrics.TensorBoardWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import scala.jdk.javaapi.CollectionConverters;

/**
 * What happens in a run, as it happens: lines of JSON and TensorBoard scalars in the run folder, and a
 * readable line on the console.
 * The ranks' lines arrive with Spark's heartbeats.
 */
final class RunLog extends SparkListener implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(RunLog.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NAME = "log.jsonl";
    private static final List<String> SCALARS =
            List.of("loss", "mse", "vb", "grad_norm", "lr", "samples_per_s", "seconds_per_step", "data_wait");

    private final HadoopStorage run;
    private final TensorBoardWriter tensorBoard;
    private final StringBuilder unwritten = new StringBuilder();
    private long accumulator = -1;
    private long next;

    /** Goes on with the log of the run folder if there is one. */
    RunLog(HadoopStorage run) throws IOException {
        this.run = run;
        Instant now = Instant.now();
        tensorBoard = new TensorBoardWriter(run.create("tensorboard/"
                + TensorBoardWriter.fileName(now, UUID.randomUUID().toString().substring(0, 8))), now);
        Optional<Path> local = run.localPath(NAME);
        if (local.isPresent()) {
            Files.createDirectories(local.get().getParent());
        } else if (run.exists(NAME)) {
            try (var in = run.open(NAME)) {
                unwritten.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
    }

    /** From now on lines come from this accumulator. */
    synchronized void follow(RecentLines lines) {
        accumulator = lines.id();
        next = 0;
    }

    @Override
    public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
        for (var task : CollectionConverters.asJava(update.accumUpdates())) {
            for (AccumulableInfo info : CollectionConverters.asJava(task._4())) {
                if (info.id() == accumulator && info.update().isDefined()) {
                    @SuppressWarnings("unchecked")
                    List<RecentLines.Line> lines = (List<RecentLines.Line>) info.update().get();
                    take(lines);
                }
            }
        }
    }

    /** Takes the lines that are new. */
    synchronized void take(List<RecentLines.Line> lines) {
        for (RecentLines.Line line : lines) {
            if (line.number() >= next) {
                next = line.number() + 1;
                write(line.text());
            }
        }
    }

    private void write(String line) {
        try {
            JsonNode node = JSON.readTree(line);
            console(node);
            scalars(node);
            Optional<Path> local = run.localPath(NAME);
            if (local.isPresent()) {
                Files.writeString(local.get(), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } else {
                unwritten.append(line).append('\n');
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void scalars(JsonNode line) throws IOException {
        if (line.get("event").asText().equals("step")) {
            for (String tag : SCALARS) {
                tensorBoard.scalar(tag, line.get("step").asLong(), (float) line.get(tag).asDouble(), Instant.now());
            }
            tensorBoard.flush();
        }
    }

    private static void console(JsonNode line) {
        if (line.get("event").asText().equals("checkpoint")) {
            LOG.info("checkpoint {}", line.get("folder").asText());
            return;
        }
        LOG.info(String.format("step %d/%d  epoch %d  loss %.4f  mse %.4f  %.2f samples/s  %.3f s/step%s",
                line.get("step").asLong(), line.get("total_steps").asLong(), line.get("epoch").asInt(),
                line.get("loss").asDouble(), line.get("mse").asDouble(), line.get("samples_per_s").asDouble(),
                line.get("seconds_per_step").asDouble(),
                line.path("skipped").asBoolean() ? "  gradient not finite: skipped" : ""));
    }

    /** Object stores cannot append, so there the log is written when an attempt ends. */
    synchronized void flush() throws IOException {
        if (unwritten.length() > 0) {
            try (OutputStream out = run.create(NAME)) {
                out.write(unwritten.toString().getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    @Override
    public void close() throws IOException {
        flush();
        tensorBoard.close();
    }
}
