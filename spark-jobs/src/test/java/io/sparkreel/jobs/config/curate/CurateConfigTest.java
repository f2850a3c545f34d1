// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.curate.clip.VerdictRule;
import io.sparkreel.bucketing.curate.clip.VerdictRule.Reason;
import io.sparkreel.bucketing.curate.shot.AdaptiveDetector;
import io.sparkreel.bucketing.curate.shot.ContentDetector;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Filter;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Weights;
import io.sparkreel.bucketing.curate.shot.HashDetector;
import io.sparkreel.bucketing.curate.shot.HistogramDetector;
import io.sparkreel.bucketing.curate.shot.ThresholdDetector;
import io.sparkreel.bucketing.curate.signal.SignalOptions;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.error.UserError;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CurateConfigTest {

    private static CurateConfig read(String yaml) {
        return ConfigLoader.parse(CurateConfig.class, "test.yaml", yaml + "\n", List.of())
                .config();
    }

    @Test
    void withoutKeysTheContentDetectorCutsAsItDoesInPySceneDetect() {
        CurateConfig config = read("overwrite: false");
        assertEquals(
                List.of(new ContentDetector(27, Weights.DEFAULT, 15, Filter.MERGE)),
                config.detectors().detectors());
        assertEquals(Optional.empty(), config.detectors().softTransitions());
        assertEquals(SignalOptions.DEFAULT, config.signalOptions());
    }

    @Test
    void eachDetectorTakesItsKeys() {
        CurateConfig config = read("""
                detectors:
                  content: {threshold: 30, weights: {saturation: 0.5, edges: 0.2}, filter_mode: suppress}
                  adaptive: {adaptive_threshold: 3.5, min_content_val: 10, window_width: 3, luma_only: true, min_scene_len: 8}
                  threshold: {threshold: 20, fade_bias: -1.0, add_final_scene: true}
                  hash: {threshold: 0.3, min_scene_len: 0}
                  histogram: {threshold: 0.1}
                  soft: {margin: 2}
                """);
        assertEquals(
                List.of(
                        new ContentDetector(30, new Weights(1, 0.5, 1, 0.2), 15, Filter.SUPPRESS),
                        new AdaptiveDetector(3.5, 10, 3, Weights.LUMA, 8),
                        new ThresholdDetector(20, -1, true, 15),
                        new HashDetector(0.3, 0),
                        new HistogramDetector(0.1, 15)),
                config.detectors().detectors());
        assertEquals(2, config.detectors().softTransitions().orElseThrow().margin());
        assertTrue(config.signalOptions().edges(), "edges are weighed, so they are measured");
    }

    @Test
    void edgesAreMeasuredOnlyWhereTheyCount() {
        assertFalse(read("detectors: {content: {}}").signalOptions().edges());
        assertFalse(read("detectors: {content: {luma_only: true, weights: {edges: 1.0}}}")
                .signalOptions()
                .edges());
        assertTrue(read("detectors: {adaptive: {weights: {edges: 1.0}}}")
                .signalOptions()
                .edges());
    }

    @Test
    void theSizeOfSignalsIsANumberOrAWord() {
        assertEquals(256, read("signals: {signal_size: 256}").signalOptions().signalSize());
        assertEquals(0, read("signals: {signal_size: full}").signalOptions().signalSize());
        assertEquals(256, read("signals: {signal_size: full}").signalOptions().shotSize());
    }

    @Test
    void aThresholdOfNullIsNoRule() {
        List<VerdictRule> rules =
                read("reject: {dark: null, bright: null, still: 0.5}").reject().rules();
        List<Reason> reasons = rules.stream().map(VerdictRule::reason).toList();
        assertFalse(reasons.contains(Reason.DARK));
        assertFalse(reasons.contains(Reason.BRIGHT));
        assertFalse(reasons.contains(Reason.MIXED_SHOT));
        assertTrue(rules.contains(new VerdictRule(Reason.STILL, 0.5)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "detectors: {content: {threshold: -1}} | threshold",
                "detectors: {content: {weights: {hue: 0, saturation: 0, luma: 0}}} | weights",
                "detectors: {threshold: {fade_bias: 2}} | fade_bias",
                "detectors: {hash: {threshold: 1.5}} | threshold",
                "detectors: {adaptive: {window_width: 0}} | window_width",
                "detectors: {soft: {margin: -1}} | margin",
                "{detectors: {soft: {}}, signals: {soft: false}} | signals.soft",
                "signals: {signal_size: 512} | signal_size",
                "signals: {bar_limit: 300} | bar_limit",
                "shots: {longest: 0} | longest",
                "shots: {trim: -0.1} | trim",
                "shots: {frozen: 0} | frozen",
                "reject: {black: 1.2} | black",
                "reject: {frozen_time: 0} | frozen_time",
                "max_bad_videos: 2 | max_bad_videos",
                "keep_replaced: soon | keep_replaced",
                "detectors: {contents: {}} | contents",
            })
    void whatCannotBeIsRefusedByItsKey(String yaml, String key) {
        UserError refused = assertThrows(UserError.class, () -> read(yaml));
        assertTrue(refused.getMessage().contains(key), refused.getMessage());
        assertTrue(refused.getMessage().startsWith("Cannot read "), refused.getMessage());
    }
}
