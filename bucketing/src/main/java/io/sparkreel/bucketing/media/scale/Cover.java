// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.scale;

/**
 * The smallest size in the source's proportions that covers a target, rounded half to even.
 *
 * @param height scaled height, at least the target's
 * @param width scaled width, at least the target's
 */
record Cover(int height, int width) {

    static Cover of(int sourceHeight, int sourceWidth, int targetHeight, int targetWidth) {
        double heightRatio = (double) targetHeight / sourceHeight;
        double widthRatio = (double) targetWidth / sourceWidth;
        if (heightRatio > widthRatio) {
            return new Cover(targetHeight, (int) Math.rint(sourceWidth * heightRatio));
        }
        return new Cover((int) Math.rint(sourceHeight * widthRatio), targetWidth);
    }
}
