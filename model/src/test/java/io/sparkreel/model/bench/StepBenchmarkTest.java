// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StepBenchmarkTest {
    private static final String SMALL = "--hidden 48 --depth 2 --heads 4 --frames 2 --height 4 --width 6 --batch 2"
            + " --text-tokens 5 --threads 1 --warmup 1 --steps 2";

    private static Report measure(String words) throws IOException {
        return StepBenchmark.measure(StepOptions.parse(words.split(" ")));
    }

    private static double number(Report report, String key) {
        return ((Number) report.get(key)).doubleValue();
    }

    @Test
    void reportsWhatStepsTook() throws IOException {
        long before = Tensor.liveCount();
        Report report = measure(SMALL);
        assertEquals(before, Tensor.liveCount());
        double mean = number(report, "mean_s");
        assertTrue(mean > 0 && number(report, "min_s") > 0 && number(report, "min_s") <= mean, report.toString());
        assertTrue(number(report, "cpu_s_per_step") > 0, report.toString());
        assertEquals(2 * 2 * 6, number(report, "tokens_per_s") * mean, 1e-6);
        double flops = StepOptions.parse(SMALL.split(" "))
                .config()
                .cost(Precision.FP32, false)
                .trainingStep(new BatchShape(2, new LatentShape(4, 2, 4, 6), 5));
        assertEquals(flops, number(report, "tflops") * 1e12 * mean, 1e-3 * flops);
        double heap = Runtime.getRuntime().totalMemory() / 1024.0 / 1024;
        assertTrue(number(report, "peak_rss_mib") > Math.min(100, heap / 2), report.toString());
        assertEquals(48, report.get("hidden"));
        assertEquals("fp32", report.get("dtype"));
        assertEquals(2, report.get("steps"));
    }

    @Test
    void recomputingChangesNothingAndHalfPrecisionLittle() throws IOException {
        // The output starts at zero in any precision, and takes some steps to differ.
        String longer = SMALL.replace("--steps 2", "--steps 20");
        double loss = number(measure(longer), "loss");
        assertEquals(loss, number(measure(longer + " --checkpoint"), "loss"));
        double half = number(measure(longer + " --dtype bf16"), "loss");
        assertEquals(loss, half, 0.02 * loss);
        assertNotEquals(loss, half);
    }

    /** Value, gradient and two moments; of the engine, of Java and of the step's tensors as much as the start has taken. */
    @Test
    @Tag("slow")
    void thePublishedSizeTrainsInSixteenBytesOfAParameter() throws IOException {
        String tiny = "--frames 2 --height 4 --width 4 --batch 1 --text-tokens 200 --threads 2 --steps ";
        ProcessUsage.forgetPeak();
        Report report = measure("--hidden 1152 --depth 28 --heads 16 " + tiny + "2 --warmup 1");
        assertEquals(767_452_064L, report.get("parameters"));
        double mebibytes = number(report, "peak_rss_mib") - number(report, "peak_rss_before_mib");
        double bytes = mebibytes * (1 << 20) / number(report, "parameters");
        System.out.printf("training the published size takes %.3f bytes of a parameter%n", bytes);
        assertTrue(bytes <= 16.2, bytes + " bytes of a parameter");
    }

    @ParameterizedTest
    @CsvSource({
        "--depth 2,--depth 0,--depth is '0'. Give a whole number of at least 1.",
        "--depth 2,--depth x,--depth is 'x'. Give a whole number of at least 1.",
        "--depth 2,--dpth 2,unknown option '--dpth'",
        "--steps 2,--dtype fp16,--dtype is 'fp16'. Give bf16 or fp32.",
        "--steps 2,--steps,'--steps' has no value. Write --steps N.",
        "--hidden 48,--hidden 50,hidden_size is 50"
    })
    void refusesWhatItCannotMeasure(String from, String to, String expected) {
        String message = assertThrows(
                        InvalidInputException.class,
                        () -> measure(SMALL.replace(from, to).replace("  ", " ")))
                .getMessage();
        assertTrue(message.contains(expected), message);
    }
}
