// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        return new RunPageFile(storage(), new RunPage("a run", "lr: 1"), new BucketCosts(), Duration.ZERO);
    }

    @Test
    void linesAreTakenOnceHoweverOftenHeartbeatsBringThem() throws Exception {
        Memory memory = new Memory();
        RecentLines lines = new RecentLines();
        try (RunLog log = new RunLog(storage(), List.of(memory, page()))) {
            lines.add(step(1, 1, true));
            lines.add(step(2, 0.5, false));
            log.take(lines.value());
            lines.add(step(3, 0.25, false));
            log.take(lines.copy().value());
            log.take(lines.value());
            log.tell("restart", "The ranks failed.");
        }
        assertEquals(List.of("step 1", "step 2", "step 3", "restart "), memory.lines);
        List<String> written = Files.readAllLines(folder.resolve("log.jsonl"));
        assertEquals(4, written.size());
        assertEquals("The ranks failed.", JSON.readTree(written.get(3)).get("message").asText());
        assertTrue(Files.readString(folder.resolve("run.html")).contains("\"message\":\"The ranks failed.\""));
        JsonNode cost = JSON.readTree(folder.resolve("costs.json").toFile()).get("tiny-4-0.56");
        assertEquals(4, cost.get("micro_batches").asInt()); // the first step is no measure
        assertEquals(12, cost.get("samples").asInt());
        assertEquals(1.6, cost.get("seconds").asDouble(), 1e-9);
    }

    @Test
    void theLogOfAnEarlierStartIsGoneOnWith() throws Exception {
        Files.writeString(folder.resolve("log.jsonl"), step(1, 1, false) + "\n" + step(2, 1, false) + "\n{\"event\": \"st\n");
        Memory memory = new Memory();
        RecentLines lines = new RecentLines();
        lines.add(step(3, 1, false));
        try (RunLog log = new RunLog(storage(), List.of(memory, page()))) {
            log.take(lines.value());
        }
        assertEquals(List.of("earlier 1", "earlier 2", "step 3"), memory.lines);
        assertEquals(4, Files.readAllLines(folder.resolve("log.jsonl")).size());
        assertEquals(6, JSON.readTree(folder.resolve("costs.json").toFile()).at("/tiny-4-0.56/micro_batches").asInt());
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
        assertEquals("step 2/9  epoch 1  loss 0.5000  mse 0.2500  grad 0.500  lr 1.00e-04  8.00 samples/s  512 tokens/s  "
                + "0.020 TFLOP/s (40.0 % of peak)  0.500 s/step (data 10 %, forward 30 %, backward 60 %)  left 0:00:04",
                ProgressLine.of(JSON.readTree(step(2, 0.5, false))));
        assertTrue(ProgressLine.of(JSON.readTree(step(2, Double.NaN, false))).contains("loss NaN"));
    }
}
