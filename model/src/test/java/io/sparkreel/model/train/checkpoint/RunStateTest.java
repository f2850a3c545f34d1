// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.optim.LearningRate;
import org.junit.jupiter.api.Test;

class RunStateTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** As the first version wrote it. */
    private static final String EARLIER = """
            {"epoch": 2, "step": 4, "global_step": 12, "optimizer_steps": 11, "seed": 42, "plan_fingerprint": "plan",
             "predict_xstart": true}
            """;

    @Test
    void anEarlierStateHasCountedNothing() throws Exception {
        RunState state = JSON.readValue(EARLIER, RunState.class);
        assertEquals(12, state.globalStep());
        assertEquals(
                "{\"type\":\"iddpm\",\"predict_xstart\":true}", state.process().toString());
        assertFalse(state.epochEnded());
        assertNull(state.counts());
        assertNull(state.learningRate());
        assertEquals(2, state.replanned("other").epoch());
    }

    @Test
    void aStateComesBackAsItWasWritten() throws Exception {
        RunState earlier = JSON.readValue(EARLIER, RunState.class);
        RunState state = new RunState(
                2,
                4,
                12,
                11,
                42,
                "plan",
                earlier.process(),
                true,
                new RunCounts(24, 23, 1),
                new LearningRate(LearningRate.Schedule.COSINE, 1e-3, 2, 40));
        assertEquals(state, JSON.readValue(JSON.writeValueAsString(state), RunState.class));
        assertEquals(earlier, JSON.readValue(JSON.writeValueAsString(earlier), RunState.class));
        RunState replanned = state.replanned("other");
        assertEquals(3, replanned.epoch(), "the epoch that has ended is not repeated");
        assertEquals(0, replanned.step());
        assertEquals(RunCounts.NONE, replanned.counts());
    }
}
