// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportTest {
    @Test
    void saysWhatWasMeasuredWhenWhereAndHow() throws Exception {
        Report report = new Report("step").put("mean_s", 0.5).put("sizes", Map.of("a", 2));
        JsonNode line = new ObjectMapper()
                .readTree(report.settings(StepOptions.parse("--text-tokens", "9", "--dtype", "bf16"))
                        .toString());
        assertEquals("step", line.get("benchmark").asText());
        assertEquals(0.5, line.get("mean_s").asDouble());
        assertEquals(2, line.at("/sizes/a").asInt());
        assertEquals(9, line.get("text_tokens").asInt());
        assertEquals("bf16", line.get("dtype").asText());
        assertEquals(false, line.get("checkpoint").asBoolean(true));
        assertTrue(Instant.parse(line.get("date").asText()).isBefore(Instant.now()), report::toString);
        assertTrue(line.get("command").asText().length() > 0, report::toString);
        assertEquals(
                Runtime.getRuntime().availableProcessors(),
                line.at("/machine/cores").asInt());
        for (String key : new String[] {"processor", "memory_gib", "system", "java", "load_before"}) {
            assertTrue(line.get("machine").hasNonNull(key), key);
        }
    }
}
