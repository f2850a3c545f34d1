// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.metrics.TensorBoardWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunLogTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private static String step(int step, double loss, boolean warmUp) {
        return """
                {"event": "step", "time": "2026-01-02T03:04:05Z", "step": %d, "total_steps": 9, "epoch": 1, "ranks": 2,
                 "grad_norm": 0.5, "lr": 1e-4, "loss": %s, "mse": 0.25, "vb": 0.1, "samples_per_s": 8.0,
                 "tokens_per_s": 512.0, "tflops": 0.02, "peak_share": 0.4, "seconds_per_step": 0.5, "data_wait": 0.1,
                 "step_time": {"data": 0.05, "forward": 0.15, "backward": 0.3},
                 "buckets": {"tiny-4-0.56": {"micro_batches": 2, "samples": 6, "seconds": 0.8, "loss": 0.5}}%s}
                """.formatted(step, Double.isNaN(loss) ? "\"NaN\"" : loss, warmUp ? ", \"warm_up\": true" : "")
                .replace("\n", "");
    }

    /** Remembers what it was told. */
    private static final class Memory implements LineSink {
        private final List<String> lines = new ArrayList<>();

        @Override
        public void earlier(JsonNode line) {
            lines.add("earlier " + line.path("step"));
        }

        @Override
        public void line(JsonNode line) {
            lines.add(line.path("event").asText() + " " + line.path("step"));
        }
    }

    private HadoopStorage storage() throws IOException {
        return new HadoopStorage(new Configuration(), folder.toString());
    }

    private RunPageFile page() throws IOException {
        return new RunPageFile(
                storage(), new RunPage("a run", "lr: 1", "file:/data/report.html"), new BucketCosts(), Duration.ZERO);
    }

    @Test
    void linesAreTakenOnceHoweverOftenHeartbeatsBringThem() throws Exception {
        Memory memory = new Memory();
        RecentLines lines = new RecentLines();
        try (RunLog log = new RunLog(storage(), 0, List.of(), List.of(memory, page()))) {
            lines.add(step(1, 1, true));
            lines.add(step(2, 0.5, false));
            log.take(lines.value());
            lines.add(step(3, 0.25, false));
            log.take(lines.copy().value());
            log.take(lines.value());
            log.append("restart", "The ranks failed.");
        }
        assertEquals(List.of("step 1", "step 2", "step 3", "restart "), memory.lines);
        List<String> written = Files.readAllLines(folder.resolve("log.jsonl"));
        assertEquals(4, written.size());
        assertEquals(
                "The ranks failed.",
                JSON.readTree(written.get(3)).get("message").asText());
        assertTrue(Files.readString(folder.resolve("run.html")).contains("\"message\":\"The ranks failed.\""));
        JsonNode cost = JSON.readTree(folder.resolve("costs.json").toFile()).get("tiny-4-0.56");
        assertEquals(4, cost.get("micro_batches").asInt()); // the first step is no measure
        assertEquals(12, cost.get("samples").asInt());
        assertEquals(1.6, cost.get("seconds").asDouble(), 1e-9);
    }

    @Test
    void whatEachRankSaysIsTakenOnce() throws Exception {
        Memory memory = new Memory();
        RecentLines ofZero = new RecentLines();
        RecentLines ofOne = new RecentLines();
        ofZero.writeAs(0);
        ofOne.writeAs(1);
        try (RunLog log = new RunLog(storage(), 0, List.of(), List.of(memory))) {
            ofZero.add(step(1, 1, true));
            ofZero.add(step(2, 1, false));
            log.take(ofZero.value());
            ofOne.add("{\"event\": \"stalled\", \"rank\": 1, \"message\": \"rank 1 hangs\"}");
            log.take(ofOne.value());
            ofZero.merge(ofOne); // as Spark does when the tasks end
            log.take(ofZero.value());
        }
        assertEquals(List.of("step 1", "step 2", "stalled "), memory.lines);
    }

    @Test
    void stepsTakenAgainCountOnceInTheCosts() throws Exception {
        RecentLines lines = new RecentLines();
        try (RunLog log = new RunLog(storage(), 0, List.of(), List.of(page()))) {
            for (int step = 1; step <= 4; step++) {
                lines.add(step(step, 1, step == 1));
            }
            log.take(lines.value());
            log.rewind(2, List.of());
            for (int step = 3; step <= 5; step++) {
                lines.add(step(step, 1, step == 3));
            }
            log.take(lines.value());
        }
        // Steps 2, 4 and 5: the first of an attempt is no measure.
        assertEquals(
                6,
                JSON.readTree(folder.resolve("costs.json").toFile())
                        .at("/tiny-4-0.56/micro_batches")
                        .asInt());
    }

    /** As when ranks have saved the run and died before their next heartbeat, and the driver goes on or is another one. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatOnlyACheckpointKnowsReachesPageAndEventsAsWell(boolean anotherDriver) throws Exception {
        List<JsonNode> told = List.of(
                JSON.readTree(step(2, 1, false)),
                JSON.readTree(step(3, 0.25, false)),
                JSON.readTree("{\"event\": \"checkpoint\", \"step\": 3, \"folder\": \"epoch1-global_step3\"}"));
        Memory memory = new Memory();
        RecentLines lines = new RecentLines();
        lines.add(step(1, 1, true));
        lines.add(step(2, 1, false));
        if (anotherDriver) {
            try (RunLog log = new RunLog(storage(), 0, List.of(), List.of())) {
                log.take(lines.value());
            }
        }
        List<LineSink> sinks = List.of(memory, page(), new TensorBoardLog(storage()));
        try (RunLog log =
                anotherDriver ? new RunLog(storage(), 3, told, sinks) : new RunLog(storage(), 0, List.of(), sinks)) {
            if (!anotherDriver) {
                log.take(lines.value());
                log.rewind(3, told);
            }
        }
        String before = anotherDriver ? "earlier " : "step ";
        assertEquals(List.of(before + 1, before + 2, "step 3", "checkpoint 3"), memory.lines);
        String page = Files.readString(folder.resolve("run.html"));
        assertTrue(page.contains("\"loss\":[[1,1.0],[2,1.0],[3,0.25]]"), page);
        assertTrue(page.contains("checkpoint epoch1-global_step3"), page);
        assertEquals(
                4,
                JSON.readTree(folder.resolve("costs.json").toFile())
                        .at("/tiny-4-0.56/micro_batches")
                        .asInt());
        List<String> written = Files.readAllLines(folder.resolve("log.jsonl"));
        assertEquals(4, written.size(), written::toString);
        try (Stream<Path> files = Files.list(folder.resolve("tensorboard"))) {
            String events = Files.readString(files.findFirst().orElseThrow(), StandardCharsets.ISO_8859_1);
            // A driver that has not heard of steps 1 and 2 itself leaves them to the file of the one before.
            assertEquals(anotherDriver ? 1 : 3, events.split("bucket_loss/tiny-4-0.56", -1).length - 1);
        }
    }

    @Test
    void theLogOfAnEarlierStartIsGoneOnWith() throws Exception {
        Files.writeString(
                folder.resolve("log.jsonl"), step(1, 1, false) + "\n" + step(2, 1, false) + "\n{\"event\": \"st\n");
        Memory memory = new Memory();
        RecentLines lines = new RecentLines();
        lines.add(step(3, 1, false));
        try (RunLog log = new RunLog(storage(), 2, List.of(), List.of(memory, page()))) {
            log.take(lines.value());
        }
        assertEquals(List.of("earlier 1", "earlier 2", "step 3"), memory.lines);
        assertEquals(3, Files.readAllLines(folder.resolve("log.jsonl")).size());
        assertEquals(
                6,
                JSON.readTree(folder.resolve("costs.json").toFile())
                        .at("/tiny-4-0.56/micro_batches")
                        .asInt());
    }

    @Test
    void stepsTakenAgainReplaceThoseThatTensorBoardKnows() throws Exception {
        Files.writeString(folder.resolve("log.jsonl"), step(1, 1, false) + "\n" + step(2, 1, false) + "\n");
        RecentLines lines = new RecentLines();
        List<String> told = List.of(step(3, 1, false), step(4, 1, false), step(4, 0.5, false));
        try (RunLog log = new RunLog(storage(), 2, List.of(), List.of(new TensorBoardLog(storage())))) {
            lines.add(told.get(0));
            lines.add(told.get(1));
            log.take(lines.value());
            log.rewind(3, List.of());
            lines.add(told.get(2));
            log.take(lines.value());
        }
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        Instant time = Instant.parse("2026-01-02T03:04:05Z");
        try (TensorBoardWriter writer = new TensorBoardWriter(expected, time)) {
            writer.begin(3, time);
            for (int index = 0; index < told.size(); index++) {
                if (index == 2) {
                    writer.begin(4, time);
                }
                JsonNode line = JSON.readTree(told.get(index));
                for (Map.Entry<String, Double> scalar : Scalars.of(line).entrySet()) {
                    writer.scalar(
                            scalar.getKey(),
                            line.get("step").asLong(),
                            scalar.getValue().floatValue(),
                            time);
                }
            }
        }
        try (Stream<Path> files = Files.list(folder.resolve("tensorboard"))) {
            byte[] written = Files.readAllBytes(files.findFirst().orElseThrow());
            assertArrayEquals(afterHead(expected.toByteArray()), afterHead(written));
        }
    }

    /** All but the first record, which has the time of the writing. */
    private static byte[] afterHead(byte[] events) {
        int head = 40;
        return Arrays.copyOfRange(events, head, events.length);
    }

    @Test
    void scalarsHaveNamesThatTensorBoardGroups() throws Exception {
        Map<String, Double> scalars = Scalars.of(JSON.readTree(step(2, Double.NaN, false)));
        assertEquals(0.3, scalars.get("step_time/backward"));
        assertEquals(0.5, scalars.get("bucket_loss/tiny-4-0.56"));
        assertEquals(0.4, scalars.get("bucket_seconds/tiny-4-0.56"));
        assertEquals(0.4, scalars.get("peak_share"));
        assertTrue(scalars.get("loss").isNaN());
        assertTrue(!scalars.containsKey("step") && !scalars.containsKey("total_steps"), scalars::toString);
        assertEquals(Map.of(), Scalars.of(JSON.readTree("{\"event\": \"checkpoint\", \"step\": 4}")));
    }

    @Test
    void aLineOnTheConsoleSaysWhereTheTimeGoes() throws Exception {
        assertEquals(
                "step 2/9  epoch 1  loss 0.5000  mse 0.2500  grad 0.500  lr 1.00e-04  8.00 samples/s  512 tokens/s  "
                        + "0.020 TFLOP/s (40.0 % of peak)  0.500 s/step (data 10 %, forward 30 %, backward 60 %)  left 0:00:04",
                ProgressLine.of(JSON.readTree(step(2, 0.5, false))));
        assertTrue(ProgressLine.of(JSON.readTree(step(2, Double.NaN, false))).contains("loss NaN"));
    }
}
