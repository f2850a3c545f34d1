// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.bucketing.curate.clip.VerdictRule;
import io.sparkreel.bucketing.curate.clip.VerdictRule.Reason;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.bench.Report;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CurateBenchmarkTest {
    private static final Path CLIPS = Path.of(System.getProperty("project.root"), "conf/quickstart/clips");

    @TempDir
    Path folder;

    @Test
    void everyVideoHasALineAndAllOfThemHaveOne() throws Exception {
        for (String name :
                List.of("dog-doorway-square.mp4", "city-train-zoom.mp4", "city-train.jpg", "broken-text.mp4")) {
            Files.copy(CLIPS.resolve(name), folder.resolve(name));
        }
        List<JsonNode> lines = new ArrayList<>();
        for (Report line : CurateBenchmark.measure(folder, 1)) {
            lines.add(new ObjectMapper().readTree(line.toString()));
        }
        assertEquals(3, lines.size());
        assertEquals(432, lines.get(1).get("width").asInt());
        assertEquals(2, lines.get(2).get("videos").asInt());
        assertEquals(
                lines.get(0).get("seconds").asDouble()
                        + lines.get(1).get("seconds").asDouble(),
                lines.get(2).get("seconds").asDouble(),
                1e-9);
        for (JsonNode line : lines) {
            for (String way : List.of("content", "default", "full")) {
                double factor = line.get(way + "_times_real_time").asDouble();
                double decoding = line.get("decode_times_real_time").asDouble();
                assertEquals(decoding / factor, line.get(way + "_of_decode").asDouble(), 1e-6);
                assertTrue(factor > 0, line::toString);
            }
        }
    }

    @Test
    void aFolderWithoutVideosIsRefused() {
        assertThrows(UserError.class, () -> CurateBenchmark.measure(folder, 1));
        assertThrows(UserError.class, () -> CurateBenchmark.measure(folder.resolve("none"), 1));
        assertThrows(UserError.class, () -> CurateBenchmark.measure(folder, 0));
    }

    @Test
    void verdictsAreCounted() throws Exception {
        List<VerdictRule> rules = List.of(new VerdictRule(Reason.DARK, -1), new VerdictRule(Reason.BLACK, 0.5));
        JsonNode line = new ObjectMapper()
                .readTree(VerdictBenchmark.measure(LocalSpark.session(), rules, 10_000, 1)
                        .toString());
        assertEquals(10_000, line.get("clips").asInt());
        assertEquals(10_000, line.get("reasons").asInt() + line.get("kept").asInt());
        assertTrue(line.get("kept").asInt() > 2_000 && line.get("kept").asInt() < 3_000, line.toString());
        assertTrue(line.get("clips_per_s_per_core").asDouble() > 0);
    }
}
