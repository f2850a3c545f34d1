// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.bucketing.curate.signal.Intervals.Interval;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Black and frozen stretches against FFmpeg's blackdetect and freezedetect. */
@Golden
class GoldenIntervalsTest {

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.sparkreel.bucketing.curate.signal.GoldenFootage#names")
    void blackAndFrozen(String name, GoldenData golden) throws IOException, MediaException {
        GoldenFootage footage = GoldenFootage.of(golden, name);
        if (!footage.isYuv()) {
            return;
        }
        JsonNode ffmpeg = footage.said().get("ffmpeg");
        FrameSignals full = footage.signals(new SignalOptions(256, 0, false, false, 0.10, 0.001, 24));
        FrameSignals small = footage.signals(new SignalOptions(256, 256, false, false, 0.10, 0.001, 24));
        List<String> black = new ArrayList<>();
        for (JsonNode interval : ffmpeg.at("/blackdetect/intervals")) {
            black.add(text(interval.get(0).asDouble(), interval.get(1).asDouble()));
        }
        assertEquals(black, texts(full, Intervals.black(full, 0.98, 0.2)));
        near(Intervals.black(full, 0.98, 0.2), Intervals.black(small, 0.98, 0.2));
        for (JsonNode run : ffmpeg.get("freezedetect")) {
            double noise = run.get("args").asText().startsWith("n=0.001:") ? 0.001 : 0.01;
            SignalOptions options = new SignalOptions(256, 0, false, false, 0.10, noise, 24);
            FrameSignals signals = footage.signals(options);
            assertEquals(frozen(run, signals), texts(signals, Intervals.frozen(signals, noise, 0.4)), run.toString());
            if (noise == 0.001) {
                near(Intervals.frozen(full, noise, 0.4), Intervals.frozen(small, noise, 0.4));
            }
        }
    }

    /** An event that does not end lasts to the end of the video. */
    private static List<String> frozen(JsonNode run, FrameSignals signals) {
        List<String> intervals = new ArrayList<>();
        double from = -1;
        for (JsonNode event : run.get("events")) {
            switch (event.get(0).asText()) {
                case "freeze_start" -> from = event.get(1).asDouble();
                case "freeze_end" -> {
                    intervals.add(text(from, event.get(1).asDouble()));
                    from = -1;
                }
                default -> {}
            }
        }
        if (from >= 0) {
            intervals.add(text(from, signals.timeline().seconds(signals.frames() - 1)));
        }
        return intervals;
    }

    private static List<String> texts(FrameSignals signals, List<Interval> intervals) {
        return intervals.stream()
                .map(interval -> text(
                        signals.timeline().seconds(interval.from()),
                        signals.timeline().seconds(Math.min(interval.until(), signals.frames() - 1))))
                .collect(Collectors.toList());
    }

    private static String text(double from, double until) {
        return String.format(Locale.ROOT, "%.4f to %.4f", from, until);
    }

    private static void near(List<Interval> full, List<Interval> small) {
        assertEquals(full.size(), small.size(), full + " of full size, " + small + " of small planes");
        for (int i = 0; i < full.size(); i++) {
            assertTrue(
                    Math.abs(full.get(i).from() - small.get(i).from()) <= 1
                            && Math.abs(full.get(i).until() - small.get(i).until()) <= 1,
                    full + " of full size, " + small + " of small planes");
        }
    }
}
