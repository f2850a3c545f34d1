// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.range;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.InvalidInputException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which frames a range of seconds is. */
class FrameTimesTest {

    private static FrameTimes constant(int frames, double fps) {
        return new FrameTimes(
                IntStream.range(0, frames).mapToDouble(frame -> frame / fps).toArray(), frames / fps);
    }

    /** However a quotient was rounded, it is found while its digits tell frames apart. */
    @ParameterizedTest
    @CsvSource({
        "24,2",
        "25,2",
        "29.97002997,2",
        "30,2",
        "23.976023976,3",
        "50,3",
        "59.94005994,3",
        "60,3",
        "120,3",
        "24,6"
    })
    void aFrameIsFoundFromItsTimeInDecimals(double fps, int digits) {
        FrameTimes times = constant(5000, fps);
        for (int frame = 0; frame < 4999; frame++) {
            for (RoundingMode mode : new RoundingMode[] {RoundingMode.HALF_UP, RoundingMode.HALF_EVEN}) {
                double start = decimal(frame / fps, digits, mode);
                double end = decimal((frame + 1) / fps, digits, mode);
                assertEquals(new FrameRange(frame, frame + 1), times.between(start, end), start + " to " + end);
            }
        }
    }

    private static double decimal(double value, int digits, RoundingMode mode) {
        return BigDecimal.valueOf(value).setScale(digits, mode).doubleValue();
    }

    @Test
    void aFrameBelongsToTheSecondsInWhichItBegins() {
        FrameTimes times = constant(100, 10);
        assertEquals(new FrameRange(3, 8), times.between(0.25, 0.75));
        assertEquals(new FrameRange(3, 4), times.between(0.206, 0.394));
        assertEquals(new FrameRange(0, 100), times.between(0, 10));
        assertEquals(new FrameRange(0, 50), times.between(0, 5));
        assertEquals(new FrameRange(50, 100), times.between(5, 10));
    }

    @Test
    void whatHoldsNoFrameOrEndsBehindTheFilmIsRefused() {
        FrameTimes times = constant(100, 10);
        String none = assertThrows(InvalidInputException.class, () -> times.between(0.22, 0.28))
                .getMessage();
        assertEquals("no frame is shown from 0.22 s to 0.28 s", none);
        String beyond = assertThrows(InvalidInputException.class, () -> times.between(9, 10.1))
                .getMessage();
        assertTrue(beyond.endsWith("the film ends at 10.000 s"), beyond);
    }

    @Test
    void framesOfAnyRateAreFoundByTheirTimes() {
        FrameTimes times = new FrameTimes(new double[] {0, 0.04, 1.5, 1.504, 1.508, 4}, 4.5);
        assertEquals(new FrameRange(2, 5), times.between(1, 4));
        assertEquals(new FrameRange(3, 4), times.between(1.504, 1.508));
        assertEquals(new FrameRange(1, 6), times.between(0.04, 4.5));
    }
}
