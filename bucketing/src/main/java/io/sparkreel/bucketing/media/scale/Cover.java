// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.scale;

/**
 * The smallest size in the source's proportions that covers a target, rounded half to even.
 *
 * @param height scaled height, at least the target's
 * @param width scaled width, at least the target's
 */
record Cover(int height, int width) {

    static Cover of(Size source, Size target) {
        double heightRatio = (double) target.height() / source.height();
        double widthRatio = (double) target.width() / source.width();
        if (heightRatio > widthRatio) {
            return new Cover(target.height(), (int) Math.rint(source.width() * heightRatio));
        }
        return new Cover((int) Math.rint(source.height() * widthRatio), target.width());
    }
}
