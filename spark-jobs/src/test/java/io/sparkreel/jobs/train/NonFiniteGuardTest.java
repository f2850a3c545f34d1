// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.checkpoint.LocalStorage;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.train.MicroBatch;
import io.sparkreel.model.train.Sample;
import io.sparkreel.model.train.StepReport;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NonFiniteGuardTest {
    private static final StepReport FINITE = new StepReport(1, Map.of(), 1, 1e-3, 4, false, false);
    private static final StepReport BROKEN = new StepReport(Double.NaN, Map.of(), Double.NaN, 1e-3, 4, true, false);

    @TempDir
    Path run;

    private final List<String> told = new ArrayList<>();
    private NonFiniteGuard guard;

    @BeforeEach
    void begin() {
        guard = guard(0);
    }

    /** Rank 0 of two, whose other one has found clip 77 at fault. */
    private NonFiniteGuard guard(int inARow) {
        byte[] other = "[{\"rank\":1,\"bucket\":\"wide\",\"clips\":[77]}]".getBytes(StandardCharsets.UTF_8);
        Collective collective = (Collective) Proxy.newProxyInstance(
                Collective.class.getClassLoader(),
                new Class<?>[] {Collective.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "rank" -> 0;
                    case "allGather" -> new byte[][] {(byte[]) arguments[0], other};
                    default -> throw new UnsupportedOperationException(method.getName());
                });
        return new NonFiniteGuard(
                new LocalStorage(run),
                inARow,
                batches -> batches.subList(1, 2),
                collective,
                (done, atFault) -> told.add(done + " " + atFault));
    }

    private static MicroBatch batch(String bucket, long... clips) {
        List<Sample> samples = new ArrayList<>();
        for (long clip : clips) {
            samples.add(new Sample(clip, new float[1], new float[1], new boolean[1], 1, 8, 8, 24));
        }
        return new MicroBatch(bucket, 0, samples, new LatentShape(1, 1, 1, 1), 1, 1);
    }

    private void step(long done, StepReport report) throws IOException {
        guard.check(done, List.of(batch("tall", 1, 2), batch("tall", 3, 4)), report);
    }

    @Test
    void clipsAtFaultOfAllRanksAreRecordedAndNoOthers() throws IOException {
        step(1, FINITE);
        assertFalse(Files.exists(run.resolve("skipped")));
        step(2, BROKEN);
        JsonNode record =
                new ObjectMapper().readTree(run.resolve("skipped/step2.json").toFile());
        String atFault = "[{\"rank\":0,\"bucket\":\"tall\",\"clips\":[3,4]},"
                + "{\"rank\":1,\"bucket\":\"wide\",\"clips\":[77]}]";
        assertEquals(2, record.get("step").asInt());
        assertEquals(atFault, record.get("micro_batches").toString());
        assertEquals(List.of("2 " + atFault), told);
    }

    @Test
    void tenInARowEndTheRunAndNineDoNot() throws IOException {
        for (int step = 1; step <= 40; step++) {
            step(step, step % 10 == 0 ? FINITE : BROKEN);
        }
        for (int step = 41; step <= 49; step++) {
            step(step, BROKEN);
        }
        String message = assertThrows(UserError.class, () -> step(50, BROKEN)).getMessage();
        assertTrue(message.contains("in 10 steps in a row, in step 50 for clips 3, 4, 77 "), message);
    }

    @Test
    void stepsBeforeAResumeCount() throws IOException {
        step(1, BROKEN);
        step(2, BROKEN);
        assertEquals(2, guard.inARow());
        guard = guard(8);
        step(9, BROKEN);
        assertThrows(UserError.class, () -> step(10, BROKEN));
        guard = guard(8);
        step(9, FINITE);
        assertEquals(0, guard.inARow());
    }
}
