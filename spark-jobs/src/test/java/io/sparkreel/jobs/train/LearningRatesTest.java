// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.LearningRate.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LearningRatesTest {
    private static final LearningRate COSINE = new LearningRate(Schedule.COSINE, 1.5e-3, 0, 5);

    private static void unchanged(LearningRate before, LearningRate now, long done) {
        assertEquals(Optional.empty(), LearningRates.change(before, now, done));
    }

    private static void changed(String how, LearningRate before, LearningRate now, long done) {
        assertEquals(
                "The learning rate takes another course than in the checkpoint, since " + how,
                LearningRates.change(before, now, done).orElse(null));
    }

    @Test
    void aResumeThatChangesTheRatesToComeSaysSo() {
        changed(
                "the schedule now ends at step 12 and not 5: it goes on at 9.44e-04 instead of 1.43e-04 in step 6",
                COSINE,
                new LearningRate(Schedule.COSINE, 1.5e-3, 0, 12),
                5);
        changed(
                "lr_schedule is now linear and not cosine: it goes on at 6.00e-04 instead of 5.18e-04 in step 4",
                COSINE,
                new LearningRate(Schedule.LINEAR, 1.5e-3, 0, 5),
                3);
        changed(
                "lr is now 1.00e-03 and not 1.50e-03, warmup_steps is now 2 and not 0, the schedule now ends at step 6"
                        + " and not 5: it goes on at 1.00e-03 instead of 9.82e-04 in step 3",
                COSINE,
                new LearningRate(Schedule.COSINE, 1e-3, 2, 6),
                2);
        changed(
                "lr_schedule is now constant and not cosine: it goes on at 1.50e-03 instead of 1.43e-04 in step 6",
                COSINE,
                new LearningRate(Schedule.CONSTANT, 1.5e-3, 0, 12),
                5);
        changed(
                "lr_schedule is now cosine and not constant: it goes on at 3.75e-04 instead of 1.50e-03 in step 9",
                new LearningRate(Schedule.CONSTANT, 1.5e-3, 0, 8),
                new LearningRate(Schedule.COSINE, 1.5e-3, 0, 12),
                8);
    }

    @Test
    void aResumeThatChangesNoRateToComeSaysNothing() {
        unchanged(null, COSINE, 3);
        unchanged(COSINE, COSINE, 3);
        LearningRate constant = new LearningRate(Schedule.CONSTANT, 1e-3, 4, 10);
        unchanged(constant, new LearningRate(Schedule.CONSTANT, 1e-3, 4, 20), 3);
        unchanged(constant, new LearningRate(Schedule.CONSTANT, 1e-3, 2, 10), 4);
        changed(
                "warmup_steps is now 8 and not 4: it goes on at 6.25e-04 instead of 1.00e-03 in step 5",
                constant,
                new LearningRate(Schedule.CONSTANT, 1e-3, 8, 10),
                4);
    }

    /** Checkpoints of 0.1.0 do not tell the course. */
    @Test
    void theLogOfAnOlderCheckpointTellsTheRatesBefore() throws Exception {
        List<JsonNode> lines = new ArrayList<>();
        lines.add(new ObjectMapper().readTree("{\"event\": \"start\"}"));
        for (long step = 1; step <= 4; step++) {
            lines.add(new ObjectMapper()
                    .readTree("{\"event\": \"step\", \"step\": " + step + ", \"lr\": " + COSINE.at(step - 1) + "}"));
        }
        assertEquals(Optional.empty(), LearningRates.changeByLog(lines, COSINE, 4));
        assertEquals(Optional.empty(), LearningRates.changeByLog(List.of(), COSINE, 4));
        assertEquals(
                "The learning rate takes another course than in the checkpoint, whose log has 5.18e-04 in step 4, where"
                        + " this configuration has 1.28e-03: it goes on at 1.13e-03 in step 5",
                LearningRates.changeByLog(lines, new LearningRate(Schedule.COSINE, 1.5e-3, 0, 12), 4)
                        .orElse(null));
    }
}
