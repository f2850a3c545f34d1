// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.bucketing;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.bucket.AspectRatios;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.PictureRules.Background;
import io.sparkreel.bucketing.media.PictureRules.ImageOrientation;
import io.sparkreel.bucketing.media.PictureRules.SampleAspect;
import io.sparkreel.bucketing.media.ProbeOptions.FrameCount;
import io.sparkreel.bucketing.media.Verify;
import io.sparkreel.jobs.config.BucketLevel;
import io.sparkreel.jobs.config.reader.Synonym;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Choice;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.InvalidValueException;
import io.sparkreel.model.settings.NoEffect;
import io.sparkreel.model.settings.Section;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A bucketing run: the keys of {@code conf/bucketing/*.yaml}.
 *
 * @param input folder of media files, pattern of such, or metadata table; null when a flag gives it
 * @param output folder for clips, quarantine, shards and manifest; null when a flag gives it
 * @param bucketConfig resolution to frames to level
 * @param resolutions resolutions of one's own beside the predefined ones; null: none
 * @param frameInterval every how many frames of a video one is taken
 * @param resolutionSlack a clip fits a resolution from this fraction of its pixels on
 * @param seed of the keep_prob draws
 * @param epochs independent draws to write
 * @param probe whether numbers of a metadata table are trusted or checked
 * @param frameCount exact, or as headers say
 * @param verify how much of each clip is decoded
 * @param sampleAspect whether films are stretched until their samples are square
 * @param orientation whether pictures are turned as they say, or TIFF alone as in the reference; {@code ignore} is what
 *     older manifests mean, and is refused
 * @param background what transparent pixels are laid over: white, "#rrggbb", or ignore to drop alpha as the reference
 *     does
 * @param draw where the random numbers come from
 * @param maxBadClips largest fraction of files that may end in quarantine, in [0, 1]
 * @param overwrite replace what an earlier run left in {@code output}
 * @param keepReplaced how long the tables of a replaced run stay for those that read them, such as 24h
 */
@NoEffect(key = "num_bucket_build_workers", instead = "Spark assigns buckets on all its cores")
@Synonym(key = "epochs", names = "num_epochs")
@Synonym(key = "bucket_config", names = "buckets")
public record BucketingConfig(
        @Default("null") String input,
        @Default("null") String output,
        Map<String, Map<Integer, BucketLevel>> bucketConfig,
        @Default("null") Map<String, ResolutionConfig> resolutions,
        @Default("1") int frameInterval,
        @Default("0.8") double resolutionSlack,
        @Default("42") long seed,
        @Default("1") int epochs,
        @Default("missing") ProbeMode probe,
        @Default("exact") FrameCount frameCount,
        @Default("none") Verify verify,
        @Default("apply") SampleAspect sampleAspect,
        @Default("apply") ImageOrientation orientation,
        @Default("white") String background,
        @Default("keyed") DrawKind draw,
        @Default("0.5") double maxBadClips,
        @Default("false") boolean overwrite,
        @Default("24h") String keepReplaced)
        implements Section {
    public BucketingConfig {
        Check.notBlank("input", input);
        Check.notBlank("output", output);
        Check.atLeast("frame_interval", frameInterval, 1);
        Check.that(
                resolutionSlack > 0 && resolutionSlack <= 1,
                "resolution_slack",
                resolutionSlack,
                "a number above 0 and up to 1");
        Check.atLeast("epochs", epochs, 1);
        Check.fraction("max_bad_clips", maxBadClips);
        Check.that(
                orientation != ImageOrientation.IGNORE, "orientation", Choice.word(orientation), "apply or reference");
        rules(sampleAspect, orientation, background);
        Check.that(draw != DrawKind.NUMPY || seed >= 0, "seed", seed, "0 or more: NumPy takes no negative seed");
        KeptFor.parse(keepReplaced);
        buckets(bucketConfig, resolutions, resolutionSlack, frameInterval);
    }

    /** How long the tables of a replaced run stay. */
    public Duration replacedStays() {
        return KeptFor.parse(keepReplaced);
    }

    /** What a picture is. */
    public PictureRules pictures() {
        return rules(sampleAspect, orientation, background);
    }

    private static PictureRules rules(SampleAspect aspect, ImageOrientation orientation, String background) {
        try {
            return new PictureRules(aspect, orientation, Background.parse(background));
        } catch (InvalidInputException e) {
            throw new InvalidValueException("background", e);
        }
    }

    /** The rule that assigns clips to buckets, with the resolutions of one's own. */
    public BucketConfig buckets() {
        return buckets(bucketConfig, resolutions, resolutionSlack, frameInterval);
    }

    private static BucketConfig buckets(
            Map<String, Map<Integer, BucketLevel>> levels,
            Map<String, ResolutionConfig> resolutions,
            double slack,
            int frameInterval) {
        AspectRatios table = table(resolutions);
        Map<String, Map<Integer, List<Number>>> plain = new LinkedHashMap<>();
        levels.forEach((resolution, counts) -> {
            Map<Integer, List<Number>> entries = new LinkedHashMap<>();
            counts.forEach(
                    (frames, level) -> entries.put(frames, Arrays.asList(level.keepProbability(), level.batchSize())));
            plain.put(resolution, entries);
        });
        try {
            return BucketConfig.of(plain, table, slack, frameInterval);
        } catch (InvalidInputException e) {
            throw new InvalidValueException("bucket_config", e);
        }
    }

    private static AspectRatios table(Map<String, ResolutionConfig> resolutions) {
        AspectRatios table = AspectRatios.predefined();
        if (resolutions == null) {
            return table;
        }
        for (Map.Entry<String, ResolutionConfig> own : resolutions.entrySet()) {
            Map<String, List<Integer>> ratios = new LinkedHashMap<>();
            own.getValue().ratios().forEach((label, size) -> ratios.put(label, List.of(size.height(), size.width())));
            try {
                table = table.with(own.getKey(), own.getValue().pixels(), ratios);
            } catch (InvalidInputException e) {
                throw new InvalidValueException("resolutions." + own.getKey(), e);
            }
        }
        return table;
    }
}
