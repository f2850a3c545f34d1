// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Filter;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Weights;
import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.GoldenFootage;
import io.sparkreel.bucketing.curate.signal.SignalOptions;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cuts against those that PySceneDetect finds, for every detector and setting that there is an answer to. */
@Golden
class GoldenShotsTest {

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.sparkreel.bucketing.curate.signal.GoldenFootage#names")
    void cuts(String name, GoldenData golden) throws IOException, MediaException {
        GoldenFootage footage = GoldenFootage.of(golden, name);
        FrameSignals small = footage.signals(new SignalOptions(256, 256, true, false, 0.10, 0.001, 24));
        FrameSignals full = footage.signals(new SignalOptions(0, 256, true, false, 0.10, 0.001, 24));
        for (JsonNode run : footage.said().get("pyscenedetect")) {
            FrameSignals signals = run.get("auto_downscale").asBoolean() ? small : full;
            int[] cuts = detector(run).cuts(signals);
            List<String> expected = new ArrayList<>();
            JsonNode scenes = run.get("scene_seconds");
            for (int scene = 1; scene < scenes.size(); scene++) {
                expected.add(seconds(scenes.get(scene).get(0).asDouble()));
            }
            List<String> found = new ArrayList<>();
            for (int cut : cuts) {
                found.add(seconds(signals.timeline().seconds(cut)));
            }
            assertEquals(expected, found, run.get("detector") + " " + run.get("params"));
        }
    }

    private static String seconds(double seconds) {
        return String.format(Locale.ROOT, "%.4f", seconds);
    }

    private static ShotDetector detector(JsonNode run) {
        JsonNode params = run.get("params");
        int length = params.get("min_scene_len").asInt();
        Weights weights = params.path("luma_only").asBoolean()
                ? new Weights(0, 0, 1, 0)
                : params.has("weights")
                        ? new Weights(
                                params.at("/weights/0").asDouble(),
                                params.at("/weights/1").asDouble(),
                                params.at("/weights/2").asDouble(),
                                params.at("/weights/3").asDouble())
                        : Weights.DEFAULT;
        return switch (run.get("detector").asText()) {
            case "content" ->
                new ContentDetector(
                        params.get("threshold").asDouble(),
                        weights,
                        length,
                        Filter.valueOf(params.path("filter_mode").asText("MERGE")));
            case "adaptive" ->
                new AdaptiveDetector(
                        params.get("adaptive_threshold").asDouble(),
                        params.get("min_content_val").asDouble(),
                        params.get("window_width").asInt(),
                        weights,
                        length);
            case "threshold" ->
                new ThresholdDetector(
                        params.get("threshold").asInt(),
                        params.path("fade_bias").asDouble(0),
                        params.path("add_final_scene").asBoolean(false),
                        length);
            case "hash" -> new HashDetector(params.get("threshold").asDouble(), length);
            case "histogram" -> new HistogramDetector(params.get("threshold").asDouble(), length);
            default -> throw new AssertionError("no detector " + run.get("detector"));
        };
    }
}
