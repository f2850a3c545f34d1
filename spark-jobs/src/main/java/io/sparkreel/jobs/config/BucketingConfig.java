// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import java.util.Map;

/**
 * A bucketing run: the keys of {@code conf/bucketing/*.yaml}.
 *
 * @param input folder of media files; null when a flag gives it
 * @param output folder for clips, quarantine, shards and manifest; null when a flag gives it
 * @param bucketConfig resolution to frames to level
 * @param resolutions resolutions of one's own beside the predefined ones; null: none
 * @param frameInterval every how many frames of a video one is taken
 * @param resolutionSlack a clip fits a resolution from this fraction of its pixels on
 * @param seed of the keep_prob draws
 * @param epochs independent draws to write
 * @param frameCount exact, or as headers say
 * @param verify how much of each clip is decoded
 * @param draw where the random numbers come from
 * @param maxBadClips largest fraction of files that may end in quarantine, in [0, 1]
 * @param overwrite replace what an earlier run left in {@code output}
 */
public record BucketingConfig(
        @Default("null") String input,
        @Default("null") String output,
        Map<String, Map<Integer, BucketLevel>> bucketConfig,
        @Default("null") Map<String, ResolutionConfig> resolutions,
        @Default("1") int frameInterval,
        @Default("0.8") double resolutionSlack,
        @Default("42") long seed,
        @Default("1") int epochs,
        @Default("exact") FrameCount frameCount,
        @Default("none") Verification verify,
        @Default("keyed") DrawKind draw,
        @Default("0.5") double maxBadClips,
        @Default("false") boolean overwrite)
        implements Section {
    public BucketingConfig {
        Check.notBlank("input", input);
        Check.notBlank("output", output);
        Check.that(!bucketConfig.isEmpty(), "bucket_config", bucketConfig,
                "at least one resolution, such as {\"480p\": {16: [1.0, 8]}}");
        Check.atLeast("frame_interval", frameInterval, 1);
        Check.positive("resolution_slack", resolutionSlack);
        Check.atLeast("epochs", epochs, 1);
        Check.fraction("max_bad_clips", maxBadClips);
    }
}
