// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/**
 * {@code dataset}: the clips of a training run.
 *
 * @param type where the shape of a sample comes from
 * @param dataPath output folder of the bucketing job, or its {@code shards} folder; null when a flag gives it
 * @param numFrames null: the bucket sets it
 * @param frameInterval every how many frames of a video one is taken
 * @param imageSize null: the bucket sets it
 * @param transformName how frames come to their target size
 */
public record DatasetConfig(
        @Default("VariableVideoTextDataset") DatasetType type,
        @Default("null") String dataPath,
        @Default("null") Integer numFrames,
        @Default("1") int frameInterval,
        @Default("null") ImageSize imageSize,
        @Default("center") TransformName transformName)
        implements Section {
    public DatasetConfig {
        Check.notBlank("data_path", dataPath);
        Check.that(numFrames == null, "num_frames", numFrames, "null: the bucket of each clip sets it");
        Check.atLeast("frame_interval", frameInterval, 1);
        Check.that(imageSize == null, "image_size", imageSize, "null: the bucket of each clip sets it");
    }
}
