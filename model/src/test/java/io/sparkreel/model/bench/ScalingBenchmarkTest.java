// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ScalingBenchmarkTest {

    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void theLineSaysWhatWasMeasuredAndHow() throws Exception {
        String[] words =
                "--hidden 24 --depth 1 --heads 2 --frames 1 --height 4 --width 4 --batch 1 --text-tokens 2 --steps 2"
                        .concat(" --rounds 2 --micro-batches 2 --transport tcp")
                        .split(" ");
        Report line = ScalingBenchmark.measure(words);
        double one = (double) line.get("step_median_s_1");
        double two = (double) line.get("step_median_s_n");
        assertTrue(one > 0 && two > 0, line::toString);
        assertEquals(2 * one / two, (double) line.get("speedup"), 1e-9);
        assertEquals(2 / one, (double) line.get("samples_per_s_1"), 1e-6);
        assertEquals(4 / two, (double) line.get("samples_per_s_n"), 1e-6);
        assertEquals(2, ((List<?>) line.get("speedup_of_rounds")).size());
        double exposed = (double) line.get("exposed_median_s");
        assertTrue(exposed > 0 && exposed < two, line::toString);
        assertEquals(exposed / (double) line.get("allreduce_alone_median_s"), (double) line.get("exposed_share"), 1e-9);
        assertEquals(24, line.get("hidden"));
    }

    @Test
    void saysWhatIsWrongWithTheOptions() {
        assertRefused("--ranks is '1'", "--ranks", "1");
        assertRefused("--depth is '0'", "--depth", "0");
        assertRefused("'--steps' has no value", "--steps");
        assertRefused("unknown option '--fast'", "--fast", "1");
        assertRefused("--transport is 'udp'. Give auto, tcp or shared", "--transport", "udp");
    }

    private static void assertRefused(String found, String... words) {
        String message = assertThrows(InvalidInputException.class, () -> ScalingOptions.parse(words))
                .getMessage();
        assertTrue(message.startsWith("Cannot measure scaling: " + found + "."), message);
    }
}
