// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.plan.BatchSizes;
import io.sparkreel.bucketing.plan.CostModel;
import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.bucketing.plan.StepPlanner.BucketLoad;
import io.sparkreel.jobs.config.BucketLevel;
import io.sparkreel.jobs.config.train.BatchSizing;
import io.sparkreel.jobs.config.train.DatasetConfig;
import io.sparkreel.jobs.config.train.DatasetType;
import io.sparkreel.jobs.config.train.PlanConfig;
import io.sparkreel.jobs.config.train.StepSampler;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.BucketingManifest.BucketRows;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.parts.Components;
import io.sparkreel.jobs.watch.MeasuredCosts;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.family.DenoiserConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * What decides the steps of a run, beside the clips themselves.
 *
 * @param buckets in the order by which plans number them
 * @param batchSizes clips of a micro-batch by {@link Bucket#tag}
 * @param clipCosts what a clip costs by {@link Bucket#id}
 * @param costs what micro-batches take
 * @param planner how micro-batches become steps
 * @param sampler who makes the plan
 */
public record PlanSettings(
        List<Bucket> buckets,
        Map<String, Integer> batchSizes,
        Map<String, Double> clipCosts,
        CostModel costs,
        StepPlanner planner,
        StepSampler sampler) {
    private static final double BYTES_OF_A_GIB = 1L << 30;
    private static final double FLOP_OF_A_TFLOP = 1e12;
    /** The resolution of clips that all have one size. */
    static final String FIXED = "fixed";

    /**
     * @throws UserError if a bucket has no batch size
     * @throws io.sparkreel.bucketing.InvalidInputException if sizes are to fit a memory that one clip does not fit
     */
    public static PlanSettings of(
            TrainingConfig config,
            BucketingManifest manifest,
            DenoiserConfig model,
            CodecGeometry codec,
            Configuration hadoop)
            throws IOException {
        PlanConfig plan = config.plan();
        List<Bucket> buckets = buckets(config.dataset(), manifest);
        requireLegalFrames(buckets, codec);
        Map<String, Double> measured =
                plan.costs() == null ? Map.of() : MeasuredCosts.secondsPerClip(hadoop, plan.costs());
        CostModel costs = new CostModel(
                new FamilyCost(
                        model.cost(config.dtype(), config.gradCheckpoint(), Components.frozen(config.model(), model)),
                        codec,
                        model.modelMaxLength()),
                measured);
        Map<String, Integer> sizes;
        if (plan.batchSizes() == BatchSizing.AUTO) {
            Double target =
                    plan.costTarget() == null ? null : plan.costTarget() * (measured.isEmpty() ? FLOP_OF_A_TFLOP : 1);
            sizes = BatchSizes.balanced(buckets, costs, plan.memoryGib() * BYTES_OF_A_GIB, target);
        } else {
            sizes = configured(config, manifest, buckets);
        }
        StepPlanner planner = new StepPlanner(config.run().seed(), plan.microBatchesPerStep(), plan.stepMix());
        return new PlanSettings(buckets, sizes, costs.clipCosts(buckets), costs, planner, plan.sampler());
    }

    private static void requireLegalFrames(List<Bucket> buckets, CodecGeometry codec) {
        for (Bucket bucket : buckets) {
            int frames = bucket.frames();
            if (!codec.isLegal(frames)) {
                throw new UserError("Cannot train on clips of " + frames + " frames: the vae does not take this length."
                        + " Choose " + codec.nearestFrames(frames)
                        + " frames in bucket_config of the bucketing job, or in"
                        + " dataset.num_frames.");
            }
        }
    }

    private static List<Bucket> buckets(DatasetConfig dataset, BucketingManifest manifest) {
        if (dataset.type() == DatasetType.VIDEO_TEXT_DATASET) {
            return List.of(fixedBucket(dataset));
        }
        return manifest.contents().buckets().stream().map(BucketRows::bucket).toList();
    }

    /** The one bucket of clips that all have one size. */
    public static Bucket fixedBucket(DatasetConfig dataset) {
        int height = dataset.imageSize().height();
        int width = dataset.imageSize().width();
        return new Bucket(
                FIXED, dataset.numFrames(), String.format(Locale.ROOT, "%.2f", (double) height / width), height, width);
    }

    /** The batch sizes of the shards, overridden by the training configuration. */
    private static Map<String, Integer> configured(
            TrainingConfig config, BucketingManifest manifest, List<Bucket> buckets) {
        Map<String, Integer> given = new TreeMap<>();
        if (config.dataset().type() == DatasetType.VIDEO_TEXT_DATASET) {
            given.put(
                    Bucket.tag(FIXED, config.dataset().numFrames()),
                    config.plan().batchSize());
        }
        manifest.rule()
                .bucketConfig()
                .forEach((resolution, counts) -> counts.forEach((frames, pair) -> {
                    if (pair.get(1) != null) {
                        given.put(tag(resolution, frames), pair.get(1).intValue());
                    }
                }));
        if (config.bucketConfig() != null) {
            config.bucketConfig()
                    .forEach((resolution, counts) -> counts.forEach((Integer frames, BucketLevel level) -> {
                        if (level.batchSize() != null) {
                            given.put(tag(resolution, frames), level.batchSize());
                        }
                    }));
        }
        Map<String, Integer> sizes = new TreeMap<>();
        for (Bucket bucket : buckets) {
            Integer size = given.get(tag(bucket.resolution(), bucket.frames()));
            if (size == null) {
                throw new UserError("Cannot train on bucket " + bucket.resolution() + " x " + bucket.frames()
                        + ": it has no batch size. Give one in bucket_config, or set batch_sizes: auto.");
            }
            sizes.put(Bucket.tag(bucket.resolution(), bucket.frames()), size);
        }
        return sizes;
    }

    /** Names of resolutions are the same in capitals. */
    private static String tag(String resolution, int frames) {
        return Bucket.tag(resolution.toLowerCase(Locale.ROOT), frames);
    }

    /** Do all clips have one size, without buckets? */
    public boolean isOneSize() {
        return buckets.size() == 1 && buckets.get(0).resolution().equals(FIXED);
    }

    public int batchSize(Bucket bucket) {
        return batchSizes.get(Bucket.tag(bucket.resolution(), bucket.frames()));
    }

    /** @param clips of each bucket */
    List<BucketLoad> loads(long[] clips) {
        List<BucketLoad> loads = new ArrayList<>();
        for (int i = 0; i < buckets.size(); i++) {
            Bucket bucket = buckets.get(i);
            loads.add(new BucketLoad(bucket.id(), clips[i], batchSize(bucket), clipCosts.get(bucket.id())));
        }
        return loads;
    }
}
