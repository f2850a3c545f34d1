// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.ForeignText;
import io.sparkreel.model.checkpoint.CheckpointReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import scala.jdk.javaapi.CollectionConverters;

/**
 * What happens in a run, as it happens: lines of JSON in the run folder, a readable line on the console, and
 * whatever its sinks make of them. The ranks' lines arrive with Spark's heartbeats.
 */
public final class RunLog extends SparkListener implements AutoCloseable {
    /** Folder of the sampled clips in the run folder. */
    public static final String SAMPLES = "samples";

    private static final Logger LOG = LogManager.getLogger(RunLog.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PAGE_PAUSE = Duration.ofSeconds(10);

    private final LogFile file;
    private final List<LineSink> sinks;
    private long accumulator = -1;
    /** For each rank the number of its line that comes next. */
    private final Map<Integer, Long> next = new HashMap<>();

    /**
     * The log of a new or resumed run: event files, Spark's metrics, the run page.
     *
     * @param step after which it resumes, 0 for a new run
     * @param lines as for {@link LogFile#rewind}
     * @param data the bucketing folder
     */
    public static RunLog of(
            LoadedConfig<TrainingConfig> loaded, HadoopStorage run, long step, List<JsonNode> lines, HadoopStorage data)
            throws IOException {
        RunPage page = new RunPage(run.toString(), loaded.yaml(), ForeignText.masked(data.uri("report.html")));
        List<LineSink> sinks = new ArrayList<>(List.of(
                new TensorBoardLog(run),
                new TrainingSource(),
                new RunPageFile(run, page, new BucketCosts(), PAGE_PAUSE)));
        if (loaded.config().watch().wandb()) {
            sinks.add(new WandbSync(WandbSync.find(System.getenv("PATH")), run)); // closed after the event file
        }
        return new RunLog(run, step, lines, sinks);
    }

    /**
     * Continues the log of the run folder if there is one, cut where the run resumes.
     *
     * @param step after which the run resumes, 0 for the beginning
     * @param lines as for {@link LogFile#rewind}
     * @param sinks get all lines, and are closed with this log
     */
    RunLog(HadoopStorage run, long step, List<JsonNode> lines, List<LineSink> sinks) throws IOException {
        this.sinks = List.copyOf(sinks);
        file = new LogFile(run);
        try {
            List<JsonNode> late = file.rewind(step, lines);
            file.flush();
            List<JsonNode> all = file.lines();
            for (JsonNode line : all.subList(0, all.size() - late.size())) {
                this.sinks.forEach(sink -> sink.earlier(line));
            }
            passOn(late);
        } catch (IOException | RuntimeException e) { // nobody else has the sinks
            try {
                closeSinks();
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    /** From now on lines come from this accumulator. */
    public synchronized void follow(RecentLines lines) {
        accumulator = lines.id();
        next.clear();
    }

    @Override
    public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
        for (var task : CollectionConverters.asJava(update.accumUpdates())) {
            for (AccumulableInfo info : CollectionConverters.asJava(task._4())) {
                if (info.id() == accumulator && info.update().isDefined()) {
                    @SuppressWarnings("unchecked")
                    List<RecentLines.Line> lines =
                            (List<RecentLines.Line>) info.update().get();
                    take(lines);
                }
            }
        }
    }

    /** Takes the lines that are new. */
    public synchronized void take(List<RecentLines.Line> lines) {
        for (RecentLines.Line line : lines) {
            if (line.number() >= next.getOrDefault(line.rank(), 0L)) {
                next.put(line.rank(), line.number() + 1);
                write(line.text());
            }
        }
    }

    /**
     * Adds a line of the driver's own.
     *
     * @param what for people; on the console it is a warning, unless it is the end
     */
    public synchronized void append(String event, String what) {
        ObjectNode line = JSON.createObjectNode()
                .put("event", event)
                .put("time", Instant.now().toString())
                .put("message", ForeignText.masked(what));
        write(line.toString());
    }

    private void write(String line) {
        try {
            JsonNode node = JSON.readTree(line);
            boolean warning = node.has("message") && !node.get("event").asText().equals("end");
            String text = ProgressLine.of(node);
            // What the threads of a rank do has many lines; else a line break is not ours.
            Stream<String> lines = node.path("event").asText().equals("stalled") ? text.lines() : Stream.of(text);
            lines.forEach(each -> LOG.log(warning ? Level.WARN : Level.INFO, "{}", ForeignText.line(each)));
            file.append(line);
            passOn(List.of(node));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void passOn(List<JsonNode> lines) throws IOException {
        for (JsonNode line : lines) {
            for (LineSink sink : sinks) {
                sink.line(line);
            }
        }
    }

    /** The log lines that a checkpoint holds. */
    public static List<JsonNode> notes(CheckpointReader checkpoint) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        if (checkpoint.has(LogFile.NAME)) {
            for (String line : new String(checkpoint.read(LogFile.NAME), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                lines.add(JSON.readTree(line));
            }
        }
        return lines;
    }

    /** As {@link LogFile#rewind}; lines of an attempt that has ended are ignored. */
    public synchronized void rewind(long step, List<JsonNode> lines) throws IOException {
        accumulator = -1;
        passOn(file.rewind(step, lines));
        List<JsonNode> left = file.lines();
        sinks.forEach(sink -> sink.rewound(step, left));
    }

    /** Writes the lines so far to the run folder. */
    public synchronized void flush() throws IOException {
        file.flush();
        for (LineSink sink : sinks) {
            sink.flush();
        }
    }

    @Override
    public void close() throws IOException {
        try {
            flush();
        } finally {
            closeSinks();
        }
    }

    /** Closes all sinks, whichever of them fails. */
    private void closeSinks() throws IOException {
        IOException failure = null;
        for (LineSink sink : sinks) {
            try {
                sink.close();
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
