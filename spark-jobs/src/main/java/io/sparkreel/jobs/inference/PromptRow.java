// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import java.io.Serializable;

/**
 * One prompt of a run, complete with what the configuration adds.
 *
 * @param promptId place in the whole table, from 0; names and draws follow from it
 * @param text the prompt as given
 * @param name first part of the names of its clips
 * @param samples clips to make
 * @param numFrames frames of a clip
 * @param height pixels asked for
 * @param width pixels asked for
 * @param fps what the model is told
 * @param seed of its draws
 */
record PromptRow(long promptId, String text, String name, int samples, int numFrames, int height, int width,
        int fps, long seed) implements Serializable {
    /** File name of one sample, without a folder. */
    String fileName(int sample) {
        return name + (samples > 1 ? "-" + sample : "") + (numFrames == 1 ? ".png" : ".mp4");
    }
}
