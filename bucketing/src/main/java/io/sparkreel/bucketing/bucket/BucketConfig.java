// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import io.sparkreel.bucketing.InvalidInputException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Which buckets exist and how clips get into them.
 *
 * @param levels the configured resolutions, most pixels first
 * @param resolutionSlack a resolution admits clips of at least this part of its pixels
 * @param frameInterval distance in frames between two sampled frames
 */
public record BucketConfig(List<Level> levels, double resolutionSlack, int frameInterval) implements Serializable {

    /** The reference's slack. */
    public static final double DEFAULT_RESOLUTION_SLACK = 0.8;

    /**
     * One resolution.
     *
     * @param resolution name, pixels and shapes
     * @param entries its frame counts, largest first
     */
    public record Level(Resolution resolution, List<Entry> entries) implements Serializable {

        public Level {
            entries = List.copyOf(entries);
        }
    }

    /**
     * One frame count of a resolution.
     *
     * @param frames frames of a sample, 1 for images
     * @param keepProbability chance that a clip which fits is taken; 0 keeps longer clips out of the
     *     smaller counts of this resolution
     * @param batchSize samples of a micro-batch, null where a cost model decides
     * @param index position of the pair of resolution and frames in the whole configuration, which
     *     numbers the reference's random draws
     */
    public record Entry(int frames, double keepProbability, Integer batchSize, int index) implements Serializable {}

    public BucketConfig {
        levels = List.copyOf(levels);
    }

    /**
     * Reads the form {@code {"480p": {16: [1.0, 8], 32: [0.0, null]}}}: resolution to frames to
     * [keep probability, batch size].
     *
     * @param buckets in any order; of resolutions with equal pixels the first named comes first
     * @param table the resolutions that can be named
     * @param resolutionSlack in (0, 1]
     * @param frameInterval 1 or more
     * @throws InvalidInputException naming the entry that cannot be used
     */
    public static BucketConfig of(
            Map<String, Map<Integer, List<Number>>> buckets,
            AspectRatios table,
            double resolutionSlack,
            int frameInterval) {
        if (buckets.isEmpty()) {
            throw new InvalidInputException(
                    "Cannot use bucket_config: it is empty. Name at least one bucket, such as {\"240p\": {16: [1.0, 2]}}.");
        }
        if (!(resolutionSlack > 0 && resolutionSlack <= 1)) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot use resolution_slack: it is %s. Use a number above 0 and up to 1.",
                    resolutionSlack));
        }
        if (frameInterval < 1) {
            throw new InvalidInputException(
                    String.format(Locale.ROOT, "Cannot use frame_interval: it is %d. Use 1 or more.", frameInterval));
        }
        Map<Resolution, Map<Integer, List<Number>>> known = new LinkedHashMap<>();
        Set<Resolution> seen = new HashSet<>();
        buckets.forEach((name, entries) -> {
            Resolution resolution = table.require(name);
            if (!seen.add(resolution)) {
                throw new InvalidInputException(String.format(
                        Locale.ROOT,
                        "Cannot use bucket_config: resolution \"%s\" is named twice. Put its frame counts into one entry.",
                        resolution.name()));
            }
            known.put(resolution, entries);
        });
        List<Resolution> order = new ArrayList<>(known.keySet());
        order.sort(Comparator.comparingLong(Resolution::pixels).reversed());
        List<Level> levels = new ArrayList<>();
        int index = 0;
        for (Resolution resolution : order) {
            Level level = level(resolution, known.get(resolution), index);
            index += level.entries().size();
            levels.add(level);
        }
        return new BucketConfig(levels, resolutionSlack, frameInterval);
    }

    private static Level level(Resolution resolution, Map<Integer, List<Number>> counts, int firstIndex) {
        if (counts == null || counts.isEmpty()) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot use bucket_config: \"%s\" has no frame count. Add one, such as 16: [1.0, 2], or remove it.",
                    resolution.name()));
        }
        List<Entry> entries = new ArrayList<>();
        for (Integer frames :
                counts.keySet().stream().sorted(Comparator.reverseOrder()).toList()) {
            entries.add(entry(resolution, frames, counts.get(frames), firstIndex + entries.size()));
        }
        return new Level(resolution, entries);
    }

    private static Entry entry(Resolution resolution, int frames, List<Number> values, int index) {
        String place = String.format(Locale.ROOT, "bucket_config \"%s\": %d: %s", resolution.name(), frames, values);
        if (frames < 1) {
            throw invalid(
                    place,
                    String.format(Locale.ROOT, "%d frames are no clip", frames),
                    "Use 1 frame for images or more");
        }
        if (values == null || values.size() != 2 || values.get(0) == null) {
            throw invalid(place, "it is no pair", "Use [keep probability, batch size]");
        }
        double keep = values.get(0).doubleValue();
        if (!(keep >= 0 && keep <= 1)) {
            throw invalid(place, "the keep probability is " + keep, "Use a number from 0.0 to 1.0");
        }
        Number batch = values.get(1);
        if (batch == null) {
            return new Entry(frames, keep, null, index);
        }
        if (batch.doubleValue() != batch.intValue() || batch.intValue() < 1) {
            throw invalid(place, "the batch size is " + batch, "Use a whole number of at least 1, or null");
        }
        return new Entry(frames, keep, batch.intValue(), index);
    }

    private static InvalidInputException invalid(String place, String found, String remedy) {
        return new InvalidInputException(String.format(Locale.ROOT, "Cannot use %s: %s. %s.", place, found, remedy));
    }

    /** Number of buckets: one per resolution, frame count and aspect ratio. */
    public int bucketCount() {
        return levels.stream()
                .mapToInt(level -> level.entries().size()
                        * level.resolution().aspectRatios().size())
                .sum();
    }

    /** Every bucket, in the order of levels, frame counts and aspect ratios. */
    public List<Bucket> buckets() {
        List<Bucket> buckets = new ArrayList<>();
        for (Level level : levels) {
            for (Entry entry : level.entries()) {
                for (AspectRatio shape : level.resolution().aspectRatios()) {
                    buckets.add(Bucket.of(level.resolution(), entry.frames(), shape));
                }
            }
        }
        return buckets;
    }
}
