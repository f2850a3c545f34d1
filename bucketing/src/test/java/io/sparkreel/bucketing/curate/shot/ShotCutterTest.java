// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Filter;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Weights;
import io.sparkreel.bucketing.curate.shot.ShotCutter.Split;
import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Intervals.Interval;
import io.sparkreel.bucketing.curate.signal.TestSignals;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ShotCutterTest {
    private static final ContentDetector CONTENT = new ContentDetector(27, Weights.DEFAULT, 15, Filter.MERGE);
    private static final Split NEVER = new Split(0.98, Double.POSITIVE_INFINITY, 0.001, Double.POSITIVE_INFINITY);
    private static final Split BOTH = new Split(0.98, 0.2, 0.001, 0.5);

    private static List<String> shots(ShotCutter cutter, TestSignals film) {
        return cutter.shots(film.signals()).stream()
                .map(shot -> shot.frames().from() + "-" + shot.frames().until() + " "
                        + shot.begins().tableValue() + " " + shot.ends().tableValue())
                .toList();
    }

    @Test
    void aFilmWithoutCutsIsOneShot() {
        assertEquals(
                List.of("0-100 edge edge"), shots(new ShotCutter(List.of(CONTENT), Optional.empty(), BOTH), film(100)));
        assertEquals(
                List.of("0-1 edge edge"), shots(new ShotCutter(List.of(CONTENT), Optional.empty(), BOTH), film(1)));
    }

    private static TestSignals film(int frames) {
        return new TestSignals(frames);
    }

    @Test
    void severalDetectorsCutTogether() {
        TestSignals film = film(200);
        film.content[60] = 90;
        film.histogram[120] = 0.5f;
        assertEquals(
                List.of("0-60 edge cut", "60-120 cut cut", "120-200 cut edge"),
                shots(
                        new ShotCutter(List.of(CONTENT, new HistogramDetector(0.05, 15)), Optional.empty(), NEVER),
                        film));
    }

    @Test
    void aFadeIsCutInItsMiddleAndCalledOne() {
        TestSignals film = film(200);
        TestSignals.set(film.colour, 80, 90, 3);
        assertEquals(
                List.of("0-85 edge fade", "85-200 fade edge"),
                shots(new ShotCutter(List.of(new ThresholdDetector(12, 0, false, 15)), Optional.empty(), NEVER), film));
    }

    @Test
    void blackAndFrozenStretchesAreShotsOfTheirOwn() {
        TestSignals film = film(200);
        TestSignals.set(film.black, 50, 70, 1);
        TestSignals.set(film.still, 121, 160, 0);
        assertEquals(
                List.of(
                        "0-50 edge black",
                        "50-70 black black",
                        "70-120 black frozen",
                        "120-160 frozen frozen",
                        "160-200 frozen edge"),
                shots(new ShotCutter(List.of(), Optional.empty(), BOTH), film));
    }

    @Test
    void blackAtTheEndsOfAFilmBelongsToNoOtherShot() {
        TestSignals film = film(100);
        TestSignals.set(film.black, 0, 20, 1);
        TestSignals.set(film.black, 80, 100, 1);
        assertEquals(
                List.of("0-20 edge black", "20-80 black black", "80-100 black edge"),
                shots(new ShotCutter(List.of(), Optional.empty(), BOTH), film));
    }

    @Test
    void aDissolveIsTakenOutWithItsMargin() {
        TestSignals film = film(200);
        TestSignals.set(film.soft, 100, 110, -0.5);
        assertEquals(
                List.of("0-96 edge dissolve", "96-114 dissolve dissolve", "114-200 dissolve edge"),
                shots(new ShotCutter(List.of(), Optional.of(new SoftTransitions(4)), NEVER), film));
    }

    /** Whatever lies over whatever: every frame is in one shot, in order, and no shot is empty. */
    @Test
    void everyFrameIsInOneShot() {
        Random random = new Random(5);
        for (int round = 0; round < 200; round++) {
            int frames = 1 + random.nextInt(150);
            TestSignals film = film(frames);
            for (int i = 0; i < 6; i++) {
                int from = random.nextInt(frames);
                int until = Math.min(frames, from + random.nextInt(40));
                switch (random.nextInt(4)) {
                    case 0 -> film.content[from] = 90;
                    case 1 -> TestSignals.set(film.black, from, until, 1);
                    case 2 -> TestSignals.set(film.still, from, until, 0);
                    default -> TestSignals.set(film.soft, from, until, -1);
                }
            }
            ShotCutter cutter = new ShotCutter(
                    List.of(CONTENT, new HistogramDetector(0.05, 0)), Optional.of(new SoftTransitions(2)), BOTH);
            int next = 0;
            for (Shot shot : cutter.shots(film.signals())) {
                assertEquals(next, shot.frames().from(), "round " + round);
                assertTrue(shot.length() > 0, "round " + round);
                next = shot.frames().until();
            }
            assertEquals(frames, next, "round " + round);
        }
    }

    @Test
    void withoutALeastLengthEveryFrameAboveIsACut() {
        TestSignals film = film(10);
        TestSignals.set(film.content, 3, 6, 50);
        FrameSignals signals = film.signals();
        assertArrayEquals(new int[] {3, 4, 5}, new ContentDetector(27, Weights.DEFAULT, 0, Filter.MERGE).cuts(signals));
        assertArrayEquals(
                new int[] {3, 4, 5}, new ContentDetector(27, Weights.DEFAULT, 0, Filter.SUPPRESS).cuts(signals));
        assertArrayEquals(new int[] {}, CONTENT.cuts(signals));
    }

    @Test
    void flashesMergeIntoOneCutAtTheLastOfThem() {
        TestSignals film = film(120);
        film.content[30] = 90;
        film.content[36] = 90;
        film.content[44] = 90;
        film.content[52] = 90;
        assertArrayEquals(new int[] {30, 52}, CONTENT.cuts(film.signals()));
        assertArrayEquals(
                new int[] {30, 52}, new ContentDetector(27, Weights.DEFAULT, 15, Filter.SUPPRESS).cuts(film.signals()));
    }

    @Test
    void aPanIsNoCutForTheAdaptiveDetector() {
        TestSignals film = film(120);
        TestSignals.set(film.content, 40, 70, 40);
        film.content[95] = 60;
        AdaptiveDetector adaptive = new AdaptiveDetector(3, 15, 2, Weights.DEFAULT, 15);
        assertArrayEquals(new int[] {95}, adaptive.cuts(film.signals()));
        assertArrayEquals(new int[] {}, adaptive.cuts(film(3).signals()));
    }

    @Test
    void aVideoThatEndsDarkIsCutThereOnlyOnDemand() {
        TestSignals film = film(100);
        TestSignals.set(film.colour, 80, 100, 3);
        assertArrayEquals(new int[] {}, new ThresholdDetector(12, 0, false, 15).cuts(film.signals()));
        assertArrayEquals(new int[] {80}, new ThresholdDetector(12, 0, true, 15).cuts(film.signals()));
    }

    @Test
    void whatWasNotMeasuredCannotBeWeighed() {
        InvalidInputException edges =
                assertThrows(InvalidInputException.class, () -> new Weights(1, 1, 1, 0.5).scores(film(5).signals()));
        assertTrue(edges.getMessage().contains("edges"), edges.getMessage());
        assertThrows(InvalidInputException.class, () -> new Weights(0, 0, 0, 0));
    }

    @Test
    void transitionsNearEachOtherAreOne() {
        TestSignals film = film(100);
        TestSignals.set(film.soft, 30, 35, -1);
        TestSignals.set(film.soft, 41, 46, -1);
        assertEquals(List.of(new Interval(28, 48)), new SoftTransitions(2).find(film.signals()));
    }
}
