// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.jobs.config.inference.VideoFormat;
import io.sparkreel.model.generate.ClipShape;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/**
 * One prompt of a run, complete with what the configuration adds.
 *
 * @param promptId place in the whole table, from 0; names and draws follow from it
 * @param place where the prompt stands, in words
 * @param text the prompt as given
 * @param texts what each loop shall show, cleaned
 * @param name first part of the names of its clips
 * @param samples clips to make
 * @param shape of its clips
 * @param seed of its draws
 * @param references full URIs of pictures and clips it is conditioned on
 * @param maskStrategy where their frames go, or null
 * @param format of its files, if it has several frames
 */
record PromptRow(
        long promptId,
        String place,
        String text,
        List<String> texts,
        String name,
        int samples,
        Shape shape,
        long seed,
        List<String> references,
        String maskStrategy,
        VideoFormat format)
        implements Serializable {

    /**
     * What prompts must share to be generated together.
     *
     * @param numFrames frames of one loop
     * @param height pixels asked for
     * @param width pixels asked for
     * @param fps what the model is conditioned on
     * @param loops generations that make a video
     * @param carried latent frames that begin the next loop, 0 without loops
     */
    record Shape(int numFrames, int height, int width, int fps, int loops, int carried) implements Serializable {
        /** Whether it is a picture; loops begin with fewer frames than they have, so that several make a video. */
        boolean isPicture() {
            return numFrames == 1;
        }

        /** Frames a second that the file plays at: every {@code frameInterval}-th one is there. */
        int playedFps(int frameInterval) {
            return Math.max(1, (isPicture() ? ClipShape.IMAGE_FPS : fps) / frameInterval);
        }
    }

    /** All that its clips follow from, and nothing else: neither where it stands nor how many or what they are called. */
    String identity() {
        return List.of(promptId, shape, seed, references, String.valueOf(maskStrategy), format, text)
                .toString();
    }

    /** File name of one sample, without a folder. */
    String fileName(int sample) {
        String extension = shape.isPicture() ? "png" : format.name().toLowerCase(Locale.ROOT);
        return name + (samples > 1 ? "-" + sample : "") + "." + extension;
    }
}
