// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.bucketing.bucket.AspectRatios;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.jobs.config.BucketLevel;
import io.sparkreel.jobs.config.BucketingConfig;
import io.sparkreel.jobs.config.ResolutionConfig;
import io.sparkreel.jobs.storage.BucketingManifest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The bucket rule of a configuration, in the forms of the modules that use it. */
final class Buckets {
    private Buckets() {}

    /** The rule itself. */
    static BucketConfig rule(BucketingConfig config) {
        AspectRatios table = AspectRatios.predefined();
        for (Map.Entry<String, BucketingManifest.OwnResolution> own : resolutions(config).entrySet()) {
            table = table.with(own.getKey(), own.getValue().pixels(), own.getValue().ratios());
        }
        return BucketConfig.of(levels(config.bucketConfig()), table, config.resolutionSlack(), config.frameInterval());
    }

    /** Resolution to frames to [keep probability, batch size]. */
    static Map<String, Map<Integer, List<Number>>> levels(Map<String, Map<Integer, BucketLevel>> config) {
        Map<String, Map<Integer, List<Number>>> levels = new LinkedHashMap<>();
        config.forEach((resolution, counts) -> {
            Map<Integer, List<Number>> pairs = new LinkedHashMap<>();
            counts.forEach((frames, level) -> pairs.put(frames, Arrays.asList(level.keepProbability(), level.batchSize())));
            levels.put(resolution, pairs);
        });
        return levels;
    }

    /** The resolutions that the configuration adds. */
    static Map<String, BucketingManifest.OwnResolution> resolutions(BucketingConfig config) {
        Map<String, BucketingManifest.OwnResolution> own = new LinkedHashMap<>();
        if (config.resolutions() != null) {
            config.resolutions().forEach((name, resolution) -> own.put(name, own(resolution)));
        }
        return own;
    }

    private static BucketingManifest.OwnResolution own(ResolutionConfig resolution) {
        Map<String, List<Integer>> ratios = new LinkedHashMap<>();
        resolution.ratios().forEach((label, size) -> ratios.put(label, List.of(size.height(), size.width())));
        return new BucketingManifest.OwnResolution(resolution.pixels(), ratios);
    }
}
