// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class AllReduceBenchmarkTest {

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void theLineSaysWhatWasMeasuredAndHow() throws Exception {
        String[] words = {
            "--ranks", "3", "--megabytes", "0.5", "--rounds", "3", "--transport", "tcp", "--dtype", "bf16", "--encrypt"
        };
        Report line = AllReduceBenchmark.measure(words);
        double median = (double) line.get("median_s");
        assertTrue((double) line.get("min_s") > 0 && (double) line.get("min_s") <= median, line.toString());
        assertEquals(2.0 * 2 / 3 * 0.5e6 / median / 1e9, (double) line.get("busbw_gb_s"), 1e-9);
        assertEquals(
                0.5e6 / (double) line.get("plain_copy_median_s") / 1e9,
                (double) line.get("plain_copy_busbw_gb_s"),
                1e-9);
        assertEquals("tcp", line.get("route"));
        assertEquals("bf16", line.get("dtype"));
        assertEquals(true, line.get("encrypt"));
    }

    @Test
    void saysWhatIsWrongWithTheOptions() {
        assertRefused("--ranks is missing", "--megabytes", "1");
        assertRefused("--megabytes is missing", "--ranks", "2");
        assertRefused("--ranks is '0'", "--ranks", "0", "--megabytes", "1");
        assertRefused("--megabytes is '-1.0'", "--ranks", "2", "--megabytes", "-1");
        assertRefused(
                "--transport is 'udp'. Give auto, tcp or shared",
                "--ranks",
                "2",
                "--megabytes",
                "1",
                "--transport",
                "udp");
        assertRefused("'--rounds' has no value", "--ranks", "2", "--megabytes", "1", "--rounds");
        assertRefused("unknown option '--fast'", "--fast");
    }

    private static void assertRefused(String found, String... words) {
        String message = assertThrows(InvalidInputException.class, () -> AllReduceOptions.parse(words))
                .getMessage();
        assertTrue(message.startsWith("Cannot measure all-reduce: " + found + "."), message);
    }
}
