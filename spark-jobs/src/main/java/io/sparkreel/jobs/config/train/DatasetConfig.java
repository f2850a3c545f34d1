// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.jobs.config.ImageSize;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Choice;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.torch.Precision;

/**
 * {@code dataset}: the clips of a training run.
 *
 * @param type where the shape of a sample comes from
 * @param dataPath output folder of the bucketing job, or its {@code shards} folder; null when a flag gives it
 * @param numFrames frames of every sample; null: the bucket sets it
 * @param frameInterval every how many frames of a video one is taken
 * @param temporalWindows how many windows of each video training sees: epoch e shows window e mod this; null: a new one
 *     each epoch
 * @param imageSize of every sample; null: the bucket sets it
 * @param features folder of the encode job's features of these clips, which training takes instead of decoding and
 *     encoding where they are there; null: none
 * @param featuresDtype what the encode job stores numbers in
 * @param transformName how frames come to their target size
 */
public record DatasetConfig(
        @Default("VariableVideoTextDataset") DatasetType type,
        @Default("null") String dataPath,
        @Default("null") Integer numFrames,
        @Default("1") int frameInterval,
        @Default("null") Integer temporalWindows,
        @Default("null") ImageSize imageSize,
        @Default("null") String features,
        @Default("bf16") Precision featuresDtype,
        @Default("center") FrameTransform transformName)
        implements Section {
    public DatasetConfig {
        Check.notBlank("data_path", dataPath);
        Check.notBlank("features", features);
        boolean fixed = type == DatasetType.VIDEO_TEXT_DATASET;
        Check.that(fixed || numFrames == null, "num_frames", numFrames, "null: the bucket of each clip sets it");
        Check.that(
                !fixed || numFrames != null,
                "num_frames",
                null,
                "a whole number: type VideoTextDataset has no buckets");
        Check.atLeast("num_frames", numFrames, 1);
        Check.atLeast("frame_interval", frameInterval, 1);
        Check.atLeast("temporal_windows", temporalWindows, 1);
        Check.that(fixed || imageSize == null, "image_size", imageSize, "null: the bucket of each clip sets it");
        Check.that(
                !fixed || imageSize != null,
                "image_size",
                null,
                "a height and a width in pixels: type VideoTextDataset has no buckets");
        Check.that(
                !fixed || transformName != FrameTransform.CENTER || imageSize.height() == imageSize.width(),
                "transform_name",
                Choice.word(transformName),
                "resize_crop: center cuts squares, and image_size is none");
    }
}
