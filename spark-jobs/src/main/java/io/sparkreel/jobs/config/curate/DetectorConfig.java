// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.shot.ShotDetector;
import io.sparkreel.bucketing.curate.shot.SoftTransitions;
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
        @Default("null") ContentConfig content,
        @Default("null") AdaptiveConfig adaptive,
        @Default("null") ThresholdConfig threshold,
        @Default("null") HashConfig hash,
        @Default("null") HistogramConfig histogram,
        @Default("null") SoftConfig soft)
        implements Section {

    /** The detectors of hard cuts and fades. */
    public List<ShotDetector> detectors() {
        List<ShotDetector> detectors = new ArrayList<>();
        if (content != null) {
            detectors.add(content.detector());
        }
        if (adaptive != null) {
            detectors.add(adaptive.detector());
        }
        if (threshold != null) {
            detectors.add(threshold.detector());
        }
        if (hash != null) {
            detectors.add(hash.detector());
        }
        if (histogram != null) {
            detectors.add(histogram.detector());
        }
        return detectors;
    }

    /** Soft transitions, if they are looked for. */
    public Optional<SoftTransitions> softTransitions() {
        return Optional.ofNullable(soft).map(SoftConfig::transitions);
    }

    boolean weighsEdges() {
        return (content != null && content.weighsEdges()) || (adaptive != null && adaptive.weighsEdges());
    }
}
