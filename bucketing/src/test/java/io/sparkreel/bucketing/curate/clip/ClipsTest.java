// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.curate.clip.ClipMeasures.Box;
import io.sparkreel.bucketing.curate.clip.ClipMeasures.Limits;
import io.sparkreel.bucketing.curate.clip.VerdictRule.Reason;
import io.sparkreel.bucketing.curate.shot.Shot;
import io.sparkreel.bucketing.curate.shot.Shot.Edge;
import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Intervals.Interval;
import io.sparkreel.bucketing.curate.signal.TestSignals;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** From shots to clips, measures and verdicts. */
class ClipsTest {
    private static final double NEVER = Double.POSITIVE_INFINITY;
    private static final Limits LIMITS = new Limits(0.98, 0.001, 0.5, 0.02);

    private static Shot shot(int from, int until, Edge begins, Edge ends) {
        return new Shot(new Interval(from, until), begins, ends);
    }

    private static List<String> clips(ClipRules rules, Shot shot, TestSignals film) {
        return rules.clips(shot, film.signals()).stream()
                .map(clip -> clip.frames().from() + "-" + clip.frames().until() + " "
                        + clip.begins().tableValue() + " " + clip.ends().tableValue())
                .toList();
    }

    @Test
    void timeIsTakenOffAtCutsAndNotAtTheEndsOfTheFilm() {
        TestSignals film = new TestSignals(200);
        ClipRules rules = new ClipRules(0.2, NEVER, 0);
        assertEquals(List.of("0-95 edge cut"), clips(rules, shot(0, 100, Edge.EDGE, Edge.CUT), film));
        assertEquals(List.of("105-145 cut fade"), clips(rules, shot(100, 150, Edge.CUT, Edge.FADE), film));
        assertEquals(List.of("155-200 cut edge"), clips(rules, shot(150, 200, Edge.CUT, Edge.EDGE), film));
        assertEquals(List.of(), clips(rules, shot(100, 109, Edge.CUT, Edge.CUT), film));
    }

    @Test
    void longShotsAreSplitEvenly() {
        TestSignals film = new TestSignals(250);
        assertEquals(
                List.of("0-83 edge length", "83-166 length length", "166-250 length edge"),
                clips(new ClipRules(0, 4, 0), shot(0, 250, Edge.EDGE, Edge.EDGE), film));
        assertEquals(
                List.of("0-250 edge edge"), clips(new ClipRules(0, 10, 0), shot(0, 250, Edge.EDGE, Edge.EDGE), film));
    }

    @Test
    void aClipBeginsAtAKeyframeCloseBehindItsBeginning() {
        TestSignals film = new TestSignals(100);
        film.keyframes = new int[] {0, 42, 80};
        assertEquals(
                List.of("42-90 cut cut"), clips(new ClipRules(0, NEVER, 3), shot(40, 90, Edge.CUT, Edge.CUT), film));
        assertEquals(
                List.of("38-90 cut cut"), clips(new ClipRules(0, NEVER, 3), shot(38, 90, Edge.CUT, Edge.CUT), film));
        assertEquals(
                List.of("78-80 cut cut"), clips(new ClipRules(0, NEVER, 3), shot(78, 80, Edge.CUT, Edge.CUT), film));
    }

    @Test
    void lengthsAreThoseOfTheTimeStamps() {
        TestSignals film = new TestSignals(10);
        film.pts = new long[] {0, 512, 1024, 12_800, 25_600, 26_112, 26_624, 27_136, 27_648, 28_160};
        assertEquals(2, seconds(film, 0, 4), 1e-9);
        assertEquals(0.04, seconds(film, 9, 10), 1e-9);
    }

    private static double seconds(TestSignals film, int from, int until) {
        return measure(film, from, until).get(Measure.SECONDS);
    }

    private static Map<Measure, Double> measure(TestSignals film, int from, int until) {
        return new ClipMeasures(film.signals(), LIMITS)
                .of(new Interval(from, until))
                .values();
    }

    @Test
    void sharesAreOfTheFramesOfTheClip() {
        TestSignals film = new TestSignals(100);
        TestSignals.set(film.black, 10, 30, 1);
        TestSignals.set(film.still, 51, 80, 0);
        film.damaged = new int[] {3, 95, 96};
        Map<Measure, Double> first = measure(film, 0, 40);
        assertEquals(0.5, first.get(Measure.BLACK));
        assertEquals(0, first.get(Measure.FROZEN));
        assertEquals(1 / 40.0, first.get(Measure.DAMAGED));
        assertEquals(1, measure(film, 50, 80).get(Measure.FROZEN));
        assertEquals(0.5, measure(film, 20, 80).get(Measure.FROZEN));
    }

    @Test
    void theChangeAtTheCutIsNoMotionOfTheClip() {
        TestSignals film = new TestSignals(100);
        film.motion[50] = 90;
        assertEquals(1.5, measure(film, 50, 100).get(Measure.MOTION), 1e-6);
        assertTrue(measure(film, 50, 51).get(Measure.MOTION).isNaN());
    }

    @Test
    void sharpnessIsComparedWithTheWholeFilm() {
        TestSignals film = new TestSignals(130);
        film.sharpness[9] = 30;
        Map<Measure, Double> blurred = measure(film, 117, 125);
        assertEquals(30, blurred.get(Measure.SHARPNESS));
        assertEquals(0.1, blurred.get(Measure.SHARPNESS_RATIO), 1e-6);
        // Between two samples the nearest one speaks.
        assertEquals(30, measure(film, 119, 122).get(Measure.SHARPNESS));
    }

    @Test
    void whatTellsNothingOfCombingIsNotCounted() {
        TestSignals film = new TestSignals(65);
        film.combed[0] = 1;
        film.combed[1] = -1;
        film.combed[2] = -1;
        assertEquals(1.0 / 3, measure(film, 0, 65).get(Measure.COMBED), 1e-9);
        film.combed[0] = -1;
        film.combed[3] = -1;
        film.combed[4] = -1;
        assertEquals(0, measure(film, 0, 65).get(Measure.COMBED));
    }

    @Test
    void barsThatNearlyAllFramesHaveAreCroppedToEvenNumbers() {
        TestSignals film = new TestSignals(260);
        for (int[] box : film.bars) {
            box[2] = 23;
            box[3] = 156;
        }
        film.bars[7] = new int[] {0, 319, 0, 179}; // a title over the bars of one sample in twenty
        assertEquals(new Box(0, 24, 320, 132), box(film));
        film.bars[3] = new int[] {0, 319, 0, 179};
        film.bars[11] = new int[] {0, 319, 0, 179};
        assertNull(box(film));
    }

    private static Box box(TestSignals film) {
        FrameSignals signals = film.signals();
        return new ClipMeasures(signals, LIMITS)
                .of(new Interval(0, signals.frames()))
                .box();
    }

    @Test
    void narrowEdgesAndDarkPicturesHaveNoBars() {
        TestSignals film = new TestSignals(100);
        for (int[] box : film.bars) {
            box[2] = 3;
        }
        assertNull(box(film));
        for (int[] box : film.bars) {
            box[2] = 40;
        }
        assertEquals(new Box(0, 40, 320, 140), box(film));
        TestSignals.set(film.luma, 0, 100, 26);
        assertNull(box(film));
    }

    @Test
    void hashesOfBeginAndEndTellHowFarAClipDrifts() {
        TestSignals film = new TestSignals(130);
        film.phash[9] = 0xffL;
        assertEquals(8, measure(film, 0, 130).get(Measure.HASH_DRIFT));
        assertEquals(0, measure(film, 0, 60).get(Measure.HASH_DRIFT));
    }

    @Test
    void allReasonsAreKeptAndWhatWasNotMeasuredIsNone() {
        Map<Measure, Double> measured = new EnumMap<>(Measure.class);
        for (Measure measure : Measure.values()) {
            measured.put(measure, Double.NaN);
        }
        List<VerdictRule> rules = new ArrayList<>();
        for (Reason reason : Reason.values()) {
            rules.add(new VerdictRule(reason, 1));
        }
        assertEquals(List.of(), VerdictRule.against(rules, measured));
        measured.put(Measure.SECONDS, 0.5);
        measured.put(Measure.BLACK, 2.0);
        measured.put(Measure.FROZEN, 1.0); // on the threshold
        assertEquals(List.of(Reason.BLACK, Reason.TOO_SHORT), VerdictRule.against(rules, measured));
    }
}
