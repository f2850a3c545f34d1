// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

/**
 * The smallest size in the source's proportions that covers a target, and where the target is cut
 * from it. Rounding is half to even, as in the reference.
 */
record Cover(int height, int width, int top, int left) {

  static Cover of(int sourceHeight, int sourceWidth, int targetHeight, int targetWidth) {
    double heightRatio = (double) targetHeight / sourceHeight;
    double widthRatio = (double) targetWidth / sourceWidth;
    if (heightRatio > widthRatio) {
      int width = (int) Math.rint(sourceWidth * heightRatio);
      return new Cover(targetHeight, width, 0, halfOf(width - targetWidth));
    }
    int height = (int) Math.rint(sourceHeight * widthRatio);
    return new Cover(height, targetWidth, halfOf(height - targetHeight), 0);
  }

  /** Half of a difference, rounded half to even. */
  static int halfOf(int difference) {
    return (int) Math.rint(difference / 2.0);
  }
}
