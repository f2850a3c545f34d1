// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.scale;

import io.sparkreel.bucketing.InvalidInputException;
import java.util.Locale;

/** How a picture is brought to the size of its bucket; both ways keep its proportions. */
public enum FrameTransform {
    /** Scaled until it covers the target, the overhang cut equally from both sides. */
    RESIZE_CROP,
    /** Scaled until the short side fits, then the centre square; square targets only. */
    CENTER;

    /** Refuses targets this transform cannot make. */
    public void requireTarget(int height, int width) {
        if (height < 1 || width < 1) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot transform frames: the target is %dx%d. Use a size of at least 1x1.",
                    width,
                    height));
        }
        if (this == CENTER && height != width) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot transform frames: center was asked for a target of %dx%d. Use resize_crop for targets that are not square.",
                    width,
                    height));
        }
    }

    /**
     * The scaler for frames of a video of one size: bilinear on floats without antialiasing, as the reference does.
     *
     * @param stored size of the frames
     * @param shown size that gives them their proportions, different where samples are not square
     */
    public FrameScaler videoScaler(Size stored, Size shown, Size target) {
        return this == RESIZE_CROP
                ? BilinearScaler.resizeCrop(stored, shown, target)
                : BilinearScaler.center(stored, shown, target.height());
    }

    /**
     * The scaler for images of one size: Pillow's antialiased bicubic filter on bytes, as the reference does.
     *
     * @param stored size of the image
     * @param shown size that gives it its proportions
     */
    public FrameScaler imageScaler(Size stored, Size shown, Size target) {
        return this == RESIZE_CROP
                ? StillScaler.resizeCrop(stored, shown, target)
                : StillScaler.center(stored, shown, target.height());
    }
}
