// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

/**
 * What is asked of a generated clip.
 *
 * @param numFrames frames
 * @param height pixels; the result is cut to the codec's factor
 * @param width pixels; likewise
 * @param fps of a video, before any frame interval; an image has 120 whatever stands here, as in training
 * @param aspectAsTrained condition the model on width / height, as in training; otherwise on height / width, which the
 *     reference samples with
 */
public record ClipShape(int numFrames, int height, int width, int fps, boolean aspectAsTrained) {
    /** What the model is conditioned on for an image, as in training. */
    public static final int IMAGE_FPS = 120;

    /** The aspect ratio that the model is conditioned on. */
    public float conditionAspectRatio() {
        return aspectAsTrained ? (float) width / height : (float) height / width;
    }

    /** The frame rate that the model is conditioned on. */
    public int conditionFps() {
        return numFrames == 1 ? IMAGE_FPS : fps;
    }
}
