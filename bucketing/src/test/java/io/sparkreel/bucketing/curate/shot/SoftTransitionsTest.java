// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Intervals.Interval;
import io.sparkreel.bucketing.curate.signal.SignalOptions;
import io.sparkreel.bucketing.curate.signal.SignalPass;
import io.sparkreel.bucketing.curate.signal.TestSignals;
import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SoftTransitionsTest {
    private static final Path FILMS =
            Path.of(System.getProperty("project.root"), "bucketing/src/test/resources/golden/curate");

    private static FrameSignals measure(String film) throws IOException, MediaException {
        try (MediaSource source = MediaSource.of(FILMS.resolve(film));
                FootageReader reader = FootageReader.open(source)) {
            return SignalPass.whole(reader, SignalOptions.DEFAULT);
        }
    }

    /**
     * First and last of the frames that Koala-36M's published rule takes out, stretches less than nine frames apart being
     * one: reckoned with OpenCV 5 and NumPy from frames of 256 by 256, where these are of 256 by 144.
     */
    @ParameterizedTest
    @CsvSource({
        "blur.mp4, '3-28, 59-60, 89-90'",
        "dissolves.mp4, ''",
        "fades.mp4, '58-60, 71-72, 117-168, 179-179'",
        "flashes.mp4, '89-105'",
        "freeze-black.mp4, '110-151, 176-176'",
        "hard-cuts.mp4, '37-39, 87-88, 127-188, 217-218, 229-230'",
        "letterbox-whole.mp4, '59-60'",
        "letterbox.mp4, '49-90'",
        "rotated.mp4, '39-40'",
        "vfr.mp4, '59-60, 83-84'",
        "whip-pan.mp4, '1-36'",
    })
    void framesAreThoseOfThePublishedRule(String film, String expected) throws Exception {
        List<int[]> wanted = new ArrayList<>();
        for (String stretch : expected.isEmpty() ? new String[0] : expected.split(", ")) {
            String[] ends = stretch.split("-");
            wanted.add(new int[] {Integer.parseInt(ends[0]), Integer.parseInt(ends[1])});
        }
        List<Interval> found = new SoftTransitions(0).find(measure(film));
        assertEquals(wanted.size(), found.size(), found::toString);
        for (int i = 0; i < found.size(); i++) {
            assertTrue(
                    Math.abs(wanted.get(i)[0] - found.get(i).from()) <= 1
                            && Math.abs(wanted.get(i)[1] + 1 - found.get(i).until()) <= 1,
                    found::toString);
        }
    }

    /** Dissolves of 10 and 30 frames and a wipe, at 28-38, 48-78 and 93-108: each is cut within, or at its end. */
    @Test
    void theHistogramSeesDissolvesThatTheRuleDoesNot() throws Exception {
        FrameSignals film = measure("dissolves.mp4");
        assertArrayEquals(new int[] {29, 74, 100}, new HistogramDetector(0.05, 15).cuts(film));
        assertEquals(List.of(), new SoftTransitions(0).find(film));
    }

    @Test
    void aFallBelowWhatWasUsualIsATransition() {
        TestSignals film = new TestSignals(60);
        TestSignals.set(film.soft, 30, 36, 0.3);
        // Smoothed, the first of them stays above; from the third on, what was usual reaches as far down.
        assertEquals(List.of(new Interval(31, 32)), stretches(film));
        TestSignals.set(film.soft, 1, 60, 0.7);
        TestSignals.set(film.soft, 30, 36, 0.3);
        assertEquals(List.of(), stretches(film), "0.4 less is within what is usual");
        TestSignals.set(film.soft, 3, 5, 0.3);
        assertEquals(List.of(), stretches(film), "eight frames must lie before");
    }

    private static List<Interval> stretches(TestSignals film) {
        return new SoftTransitions(0).find(film.signals());
    }

    @Test
    void videosOfNoOrFewFramesHaveNone() {
        for (int frames : new int[] {0, 1, 2, 9, 10}) {
            assertEquals(List.of(), stretches(new TestSignals(frames)), frames + " frames");
        }
    }

    @Test
    void noOtherDetectorCutsWhatHasNoFrames() {
        for (int frames : new int[] {0, 1, 2}) {
            FrameSignals signals = new TestSignals(frames).signals();
            for (ShotDetector detector : List.of(
                    new ContentDetector(27, ContentDetector.Weights.DEFAULT, 0, ContentDetector.Filter.MERGE),
                    new ContentDetector(27, ContentDetector.Weights.DEFAULT, 15, ContentDetector.Filter.SUPPRESS),
                    new AdaptiveDetector(3, 15, 2, ContentDetector.Weights.DEFAULT, 0),
                    new ThresholdDetector(12, 0, true, 0),
                    new HashDetector(0.395, 0),
                    new HistogramDetector(0.05, 0))) {
                assertArrayEquals(new int[0], detector.cuts(signals), detector + " on " + frames);
            }
        }
    }
}
