// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.signal.SignalOptions;
import io.sparkreel.jobs.config.bucketing.KeptFor;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;
import java.time.Duration;

/**
 * A curation run: the keys of {@code conf/curate/*.yaml}.
 *
 * @param input folder of videos, pattern of such, or table with a column {@code path}; null when a flag gives it
 * @param output folder for the tables, the report and the manifest; null when a flag gives it
 * @param captions table (.csv, .jsonl, .parquet) of texts with columns {@code path}, {@code text} and, for parts of a
 *     video, {@code start_s} and {@code end_s}; null: {@code NAME.txt} or {@code NAME.json} beside each video
 * @param signals what is measured of every frame; another choice opens the videos again
 * @param detectors what finds where shots begin and end
 * @param shots how shots become clips
 * @param reject thresholds that speak against a clip
 * @param fromSignals judge the videos of the published run anew, without listing or opening any
 * @param maxBadVideos largest fraction of videos that may end in quarantine, in [0, 1]
 * @param overwrite replace what an earlier run left in {@code output}; signals that are still right are used again
 * @param keepReplaced how long the tables of a replaced run stay for those that read them, such as 24h
 */
public record CurateConfig(
        @Default("null") String input,
        @Default("null") String output,
        @Default("null") String captions,
        SignalConfig signals,
        @Default("{content: {}}") DetectorConfig detectors,
        ShotConfig shots,
        RejectConfig reject,
        @Default("false") boolean fromSignals,
        @Default("0.5") double maxBadVideos,
        @Default("false") boolean overwrite,
        @Default("24h") String keepReplaced)
        implements Section {
    public CurateConfig {
        Check.notBlank("input", input);
        Check.notBlank("output", output);
        Check.notBlank("captions", captions);
        Check.fraction("max_bad_videos", maxBadVideos);
        KeptFor.parse(keepReplaced);
        Check.that(
                detectors.soft() == null || signals.soft(),
                "signals.soft",
                false,
                "true: detectors.soft needs what it measures");
    }

    /** How long the tables of a replaced run stay. */
    public Duration replacedStays() {
        return KeptFor.parse(keepReplaced);
    }

    /** What is measured of frames. */
    public SignalOptions signalOptions() {
        return new SignalOptions(
                SignalOptions.SIZE,
                signals.signalSize().pixels(),
                detectors.weighsEdges(),
                signals.soft(),
                signals.blackLevel(),
                signals.noise(),
                signals.barLimit());
    }
}
