// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

/**
 * What is asked of a generated clip.
 *
 * @param numFrames frames
 * @param height pixels; the result is cut to the codec's factor
 * @param width pixels; likewise
 * @param fps what the model is told; an image is told 120 whatever stands here, as in training
 * @param aspectAsTrained tell the model width / height, as in training; else height / width, which the reference
 *     samples with
 */
public record ClipShape(int numFrames, int height, int width, int fps, boolean aspectAsTrained) {
    float aspectRatio() {
        return aspectAsTrained ? (float) width / height : (float) height / width;
    }
}
