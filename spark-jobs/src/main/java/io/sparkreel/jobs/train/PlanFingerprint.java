// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.jobs.config.BucketLevel;
import io.sparkreel.jobs.config.TrainingConfig;
import io.sparkreel.jobs.storage.BucketingManifest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What the plan of a run follows from. */
final class PlanFingerprint {
    private PlanFingerprint() {}

    /** Changes whenever the same step would not consist of the same clips. */
    static String of(TrainingConfig config, BucketingManifest manifest) {
        String identity = manifest.run() + "|" + config.run().seed() + "|" + config.steps().microBatchesPerStep() + "|"
                + new TreeMap<>(batchSizes(config, manifest));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(identity.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Batch size by "resolution/frames": the shards' own, overridden by the training configuration. */
    static Map<String, Integer> batchSizes(TrainingConfig config, BucketingManifest manifest) {
        Map<String, Integer> sizes = new TreeMap<>();
        manifest.bucketConfig().forEach((resolution, counts) -> counts.forEach((frames, pair) -> {
            if (pair.get(1) != null) {
                sizes.put(level(resolution, frames), pair.get(1).intValue());
            }
        }));
        if (config.bucketConfig() != null) {
            config.bucketConfig().forEach((resolution, counts) -> counts.forEach((Integer frames, BucketLevel level) -> {
                if (level.batchSize() != null) {
                    sizes.put(level(resolution, frames), level.batchSize());
                }
            }));
        }
        return sizes;
    }

    static String level(String resolution, int frames) {
        return resolution.toLowerCase(Locale.ROOT) + "/" + frames;
    }
}
