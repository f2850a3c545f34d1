// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.bucketing.curate.signal.Intervals.Interval;
import java.util.List;
import org.junit.jupiter.api.Test;

class IntervalsTest {

    @Test
    void aStretchLastsUntilTheFirstFrameThatIsNotOfIt() {
        TestSignals film = new TestSignals(100);
        TestSignals.set(film.black, 10, 15, 1); // 0.2 s
        TestSignals.set(film.black, 30, 34, 1); // 0.16 s
        TestSignals.set(film.black, 60, 70, 0.979);
        assertEquals(List.of(new Interval(10, 15)), Intervals.black(film.signals(), 0.98, 0.2));
        assertEquals(
                List.of(new Interval(10, 15), new Interval(30, 34), new Interval(60, 70)),
                Intervals.black(film.signals(), 0.97, 0.1));
    }

    @Test
    void theLastStretchLastsToTheEnd() {
        TestSignals film = new TestSignals(100);
        TestSignals.set(film.black, 90, 100, 1);
        TestSignals.set(film.still, 81, 100, 0);
        assertEquals(List.of(new Interval(90, 100)), Intervals.black(film.signals(), 0.98, 0.2));
        assertEquals(List.of(new Interval(80, 100)), Intervals.frozen(film.signals(), 0.001, 0.5));
    }

    @Test
    void aFrozenStretchBeginsWithTheFrameThatMovedLast() {
        TestSignals film = new TestSignals(100);
        TestSignals.set(film.still, 21, 40, 0.001); // noise, within the limit
        assertEquals(List.of(new Interval(20, 40)), Intervals.frozen(film.signals(), 0.001, 0.5));
        assertEquals(List.of(), Intervals.frozen(film.signals(), 0.001, 0.9));
        assertEquals(List.of(), Intervals.frozen(film.signals(), 0.0005, 0.5));
    }

    @Test
    void sharedFramesAreCounted() {
        Interval stretch = new Interval(10, 20);
        assertEquals(5, stretch.within(15, 40));
        assertEquals(10, stretch.within(0, 40));
        assertEquals(0, stretch.within(20, 40));
    }
}
