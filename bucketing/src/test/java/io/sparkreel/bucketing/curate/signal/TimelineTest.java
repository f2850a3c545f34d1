// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TimelineTest {
    private static Timeline even(int frames, int distance, int denominator, double fps) {
        long[] pts = LongStream.range(0, frames).map(i -> 1000 + distance * i).toArray();
        return new Timeline(pts, 1, denominator, fps);
    }

    @Test
    void secondsBeginAtTheFirstFrameAndEndInMicroseconds() {
        Timeline timeline = even(31, 1001, 30_000, 0);
        assertEquals(0, timeline.seconds(0));
        assertEquals(0.033367, timeline.seconds(1));
        assertEquals(30_000 / 1001.0, timeline.fps(), 1e-9);
        assertEquals(31 * 1001 / 30_000.0, timeline.duration(), 1e-6);
    }

    @Test
    void aSpanOfExactlyTheLeastLengthCountsByFramesWhateverTheLastBit() {
        Timeline timeline = even(100, 1, 25, 25);
        assertTrue(timeline.apart(56, 71, 15));
        assertFalse(timeline.apartInTime(56, 71, 15), "2.84 s - 2.24 s is a bit less than 0.6 s in doubles");
        assertFalse(timeline.apart(56, 70, 15));
    }

    @Test
    void ratesThatVaryAreTold() {
        assertFalse(even(50, 512, 12_800, 25).isVariable());
        assertTrue(new Timeline(new long[] {0, 10, 20, 30, 60, 90}, 1, 300, 0).isVariable());
        assertFalse(new Timeline(new long[] {0, 33, 67, 100, 133}, 1, 1000, 0).isVariable(), "rounded to milliseconds");
        assertFalse(even(1, 1, 25, 0).isVariable());
        assertEquals(1, even(1, 1, 25, 0).fps());
    }
}
