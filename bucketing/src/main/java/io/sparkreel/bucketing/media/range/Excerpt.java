// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.range;

import java.io.Serializable;

/**
 * What of a file a clip is.
 *
 * @param frames which frames; null: all
 * @param crop what of each picture; null: all
 */
public record Excerpt(FrameRange frames, CropBox crop) implements Serializable {

    /** All of a file. */
    public static final Excerpt WHOLE = new Excerpt(null, null);

    private static final long serialVersionUID = 1L;

    /** The number of the clip's first frame in the file. */
    public int start() {
        return frames == null ? 0 : frames.start();
    }

    /** The number after the clip's last frame; the largest there is where the clip ends with the file. */
    public int end() {
        return frames == null ? Integer.MAX_VALUE : frames.end();
    }

    /** All of a file? */
    public boolean isWhole() {
        return frames == null && crop == null;
    }

    /** The numbers that tell this part of a file from others; none for all of it. */
    public int[] numbers() {
        int[] numbers = new int[(frames == null ? 0 : 2) + (crop == null ? 0 : 4)];
        int at = 0;
        if (frames != null) {
            numbers[at++] = frames.start();
            numbers[at++] = frames.end();
        }
        if (crop != null) {
            numbers[at++] = crop.x();
            numbers[at++] = crop.y();
            numbers[at++] = crop.width();
            numbers[at] = crop.height();
        }
        return numbers;
    }

    /** The part in words to stand behind the name of its file; empty for all of it. */
    public String described() {
        return (frames == null ? "" : ", frames " + frames.start() + " to " + (frames.end() - 1))
                + (crop == null ? "" : ", cropped to " + crop);
    }
}
