// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class SampleBenchmarkTest {
    private static final String SMALL = "--hidden 48 --depth 2 --heads 4 --frames 2 --height 4 --width 6 --batch 2"
            + " --text-tokens 5 --threads 1 --warmup 2 --steps 3";

    private static Report measure(String words) throws IOException {
        return SampleBenchmark.measure(StepOptions.parse(words.split(" ")));
    }

    private static double number(Report report, String key) {
        return ((Number) report.get(key)).doubleValue();
    }

    @Test
    void reportsWhatStepsTookForBothHalvesOfTheBatch() throws IOException {
        long before = Tensor.liveCount();
        Report report = measure(SMALL);
        assertEquals(before, Tensor.liveCount());
        double mean = number(report, "mean_s");
        assertTrue(number(report, "min_s") > 0 && number(report, "min_s") <= mean, report.toString());
        assertEquals(2 * 2 * 2 * 6, number(report, "tokens_per_s") * mean, 1e-6);
        double flops = StepOptions.parse(SMALL.split(" "))
                .config()
                .cost(Precision.FP32, false)
                .forward(new BatchShape(4, new LatentShape(4, 2, 4, 6), 5));
        assertEquals(flops, number(report, "tflops") * 1e12 * mean, 1e-3 * flops);
        assertEquals(3, report.get("steps"));
        assertEquals("bf16", measure(SMALL + " --dtype bf16").get("dtype"));
    }

    @Test
    void refusesWhatItCannotMeasure() {
        for (String words : new String[] {
            SMALL + " --checkpoint", SMALL.replace("--steps 3", "--steps 1"), SMALL.replace("--steps 3", "--steps 1001")
        }) {
            assertThrows(InvalidInputException.class, () -> measure(words), words);
        }
    }
}
