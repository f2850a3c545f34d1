// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.shot.AdaptiveDetector;
import io.sparkreel.bucketing.curate.shot.ContentDetector;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Filter;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Weights;
import io.sparkreel.bucketing.curate.shot.HashDetector;
import io.sparkreel.bucketing.curate.shot.HistogramDetector;
import io.sparkreel.bucketing.curate.shot.ShotDetector;
import io.sparkreel.bucketing.curate.shot.SoftTransitions;
import io.sparkreel.bucketing.curate.shot.ThresholdDetector;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Detectors of shots, all of which cut. Names, parameters and defaults are those of PySceneDetect 0.7, but for
 * {@code soft}.
 *
 * @param content cuts where the picture changes fast; null: not used
 * @param adaptive cuts where it changes much faster than around; null: not used
 * @param threshold cuts within fades to black; null: not used
 * @param hash cuts where the perceptual hash changes; null: not used
 * @param histogram cuts where the histogram of brightness changes, dissolves too; null: not used
 * @param soft takes dissolves and wipes out of shots; null: not used
 */
public record DetectorConfig(
        @Default("null") Content content,
        @Default("null") Adaptive adaptive,
        @Default("null") Threshold threshold,
        @Default("null") Hash hash,
        @Default("null") Histogram histogram,
        @Default("null") Soft soft)
        implements Section {

    /** The detectors of hard cuts and fades. */
    public List<ShotDetector> detectors() {
        List<ShotDetector> detectors = new ArrayList<>();
        if (content != null) {
            detectors.add(new ContentDetector(
                    content.threshold,
                    content.lumaOnly ? new Weights(0, 0, 1, 0) : content.weights.of(),
                    content.minSceneLen,
                    content.filterMode));
        }
        if (adaptive != null) {
            detectors.add(new AdaptiveDetector(
                    adaptive.adaptiveThreshold,
                    adaptive.minContentVal,
                    adaptive.windowWidth,
                    adaptive.lumaOnly ? new Weights(0, 0, 1, 0) : adaptive.weights.of(),
                    adaptive.minSceneLen));
        }
        if (threshold != null) {
            detectors.add(new ThresholdDetector(
                    threshold.threshold, threshold.fadeBias, threshold.addFinalScene, threshold.minSceneLen));
        }
        if (hash != null) {
            detectors.add(new HashDetector(hash.threshold, hash.minSceneLen));
        }
        if (histogram != null) {
            detectors.add(new HistogramDetector(histogram.threshold, histogram.minSceneLen));
        }
        return detectors;
    }

    /** Soft transitions, if they are looked for. */
    public Optional<SoftTransitions> softTransitions() {
        return Optional.ofNullable(soft).map(config -> new SoftTransitions(config.margin));
    }

    boolean weighsEdges() {
        return (content != null && !content.lumaOnly && content.weights.edges != 0)
                || (adaptive != null && !adaptive.lumaOnly && adaptive.weights.edges != 0);
    }

    /**
     * How much each change counts.
     *
     * @param hue weight of changes of hue
     * @param saturation weight of changes of saturation
     * @param luma weight of changes of brightness
     * @param edges weight of changes of edges, which are measured only where this is not 0
     */
    public record WeightConfig(
            @Default("1.0") double hue,
            @Default("1.0") double saturation,
            @Default("1.0") double luma,
            @Default("0.0") double edges)
            implements Section {
        public WeightConfig {
            Check.that(
                    hue != 0 || saturation != 0 || luma != 0 || edges != 0,
                    "hue",
                    hue,
                    "a weight that is not 0, or" + " another one");
        }

        private Weights of() {
            return new Weights(hue, saturation, luma, edges);
        }
    }

    /**
     * Cuts where the picture changes fast.
     *
     * @param threshold of the weighted change, in levels of 0 to 255
     * @param weights of the changes
     * @param lumaOnly whether brightness alone counts
     * @param minSceneLen least length of a shot, in frames
     * @param filterMode whether cuts that come sooner are merged or suppressed
     */
    public record Content(
            @Default("27.0") double threshold,
            WeightConfig weights,
            @Default("false") boolean lumaOnly,
            @Default("15") int minSceneLen,
            @Default("merge") Filter filterMode)
            implements Section {
        public Content {
            Check.notNegative("threshold", threshold);
            Check.atLeast("min_scene_len", minSceneLen, 0);
        }
    }

    /**
     * Cuts where the picture changes much faster than around.
     *
     * @param adaptiveThreshold how many times the mean change around it a change must be
     * @param minContentVal least change, in levels of 0 to 255
     * @param windowWidth frames on each side that are compared
     * @param weights of the changes
     * @param lumaOnly whether brightness alone counts
     * @param minSceneLen least length of a shot, in frames
     */
    public record Adaptive(
            @Default("3.0") double adaptiveThreshold,
            @Default("15.0") double minContentVal,
            @Default("2") int windowWidth,
            WeightConfig weights,
            @Default("false") boolean lumaOnly,
            @Default("15") int minSceneLen)
            implements Section {
        public Adaptive {
            Check.notNegative("adaptive_threshold", adaptiveThreshold);
            Check.notNegative("min_content_val", minContentVal);
            Check.atLeast("window_width", windowWidth, 1);
            Check.atLeast("min_scene_len", minSceneLen, 0);
        }
    }

    /**
     * Cuts within fades to black.
     *
     * @param threshold mean of red, green and blue below which the picture is out
     * @param fadeBias where between out and in the cut lies: -1 where it went out, 0 in the middle, 1 where it came in
     * @param addFinalScene whether a video that ends out is cut where it went out
     * @param minSceneLen least length of a shot, in frames
     */
    public record Threshold(
            @Default("12") int threshold,
            @Default("0.0") double fadeBias,
            @Default("false") boolean addFinalScene,
            @Default("15") int minSceneLen)
            implements Section {
        public Threshold {
            Check.that(threshold >= 0 && threshold <= 255, "threshold", threshold, "a whole number from 0 to 255");
            Check.that(fadeBias >= -1 && fadeBias <= 1, "fade_bias", fadeBias, "a number from -1 to 1");
            Check.atLeast("min_scene_len", minSceneLen, 0);
        }
    }

    /**
     * Cuts where the perceptual hash changes.
     *
     * @param threshold share of the bits that must differ, in [0, 1]
     * @param minSceneLen least length of a shot, in frames
     */
    public record Hash(
            @Default("0.395") double threshold,
            @Default("15") int minSceneLen) implements Section {
        public Hash {
            Check.fraction("threshold", threshold);
            Check.atLeast("min_scene_len", minSceneLen, 0);
        }
    }

    /**
     * Cuts where the histogram of brightness changes.
     *
     * @param threshold by how much the correlation with the frame before must fall short of 1, in [0, 1]
     * @param minSceneLen least length of a shot, in frames
     */
    public record Histogram(
            @Default("0.05") double threshold,
            @Default("15") int minSceneLen) implements Section {
        public Histogram {
            Check.fraction("threshold", threshold);
            Check.atLeast("min_scene_len", minSceneLen, 0);
        }
    }

    /**
     * Takes dissolves and wipes out of shots.
     *
     * @param margin frames that are taken off beside a transition
     */
    public record Soft(@Default("4") int margin) implements Section {
        public Soft {
            Check.atLeast("margin", margin, 0);
        }
    }
}
