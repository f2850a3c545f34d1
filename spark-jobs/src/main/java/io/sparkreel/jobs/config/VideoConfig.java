// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/**
 * The shape of a generated clip.
 *
 * @param numFrames frames; 1 makes a picture
 * @param frameInterval as in training: the mp4 plays at {@code fps / frameInterval}, rounded down
 * @param fps what the model is told, in frames a second before {@code frameInterval}
 * @param imageSize asked size; the codec may cut it to a multiple of its factor
 * @param aspectCondition which way round the model is told the aspect ratio: published weights are sampled as released,
 *     one's own better as trained
 */
public record VideoConfig(
        @Default("16") int numFrames,
        @Default("1") int frameInterval,
        @Default("24") int fps,
        @Default("[240, 426]") ImageSize imageSize,
        @Default("as-released") AspectCondition aspectCondition)
        implements Section {
    public VideoConfig {
        Check.atLeast("num_frames", numFrames, 1);
        Check.atLeast("frame_interval", frameInterval, 1);
        Check.that(fps >= frameInterval, "fps", fps, "at least frame_interval, which is " + frameInterval);
    }
}
