// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.scale;

/** The reference's treatment of images: 8-bit resizing by Pillow's filters, then a crop. */
final class StillScaler implements FrameScaler {

    private final int halvings;
    private final int sourceHeight;
    private final int sourceWidth;
    private final Cover cover;
    private final int top;
    private final int left;
    private final int targetHeight;
    private final int targetWidth;

    private StillScaler(
            int sourceHeight,
            int sourceWidth,
            int halvings,
            Cover cover,
            int top,
            int left,
            int targetHeight,
            int targetWidth) {
        this.sourceHeight = sourceHeight;
        this.sourceWidth = sourceWidth;
        this.halvings = halvings;
        this.cover = cover;
        this.top = top;
        this.left = left;
        this.targetHeight = targetHeight;
        this.targetWidth = targetWidth;
    }

    /** Half of an odd overhang is rounded to even. */
    static StillScaler resizeCrop(Size stored, Size shown, Size target) {
        Cover cover = Cover.of(shown, target);
        int top = (int) Math.rint((cover.height() - target.height()) / 2.0);
        int left = (int) Math.rint((cover.width() - target.width()) / 2.0);
        return new StillScaler(stored.height(), stored.width(), 0, cover, top, left, target.height(), target.width());
    }

    /** Halves with a box filter while that leaves the short side long enough (as DiT, ADM do). */
    static StillScaler center(Size stored, Size shown, int side) {
        int halvings = 0;
        int halvedHeight = shown.height();
        int halvedWidth = shown.width();
        while (Math.min(halvedHeight, halvedWidth) >= 2 * side) {
            halvedHeight /= 2;
            halvedWidth /= 2;
            halvings++;
        }
        double factor = (double) side / Math.min(halvedHeight, halvedWidth);
        int scaledHeight = (int) Math.rint(halvedHeight * factor);
        int scaledWidth = (int) Math.rint(halvedWidth * factor);
        int top = (scaledHeight - side) / 2;
        int left = (scaledWidth - side) / 2;
        Cover cover = new Cover(scaledHeight, scaledWidth);
        return new StillScaler(stored.height(), stored.width(), halvings, cover, top, left, side, side);
    }

    @Override
    public void scale(byte[] rgb, float[] target, int offset) {
        byte[] picture = rgb;
        int height = sourceHeight;
        int width = sourceWidth;
        for (int i = 0; i < halvings; i++) {
            picture = PillowResize.BOX.resize(picture, height, width, height / 2, width / 2);
            height /= 2;
            width /= 2;
        }
        picture = PillowResize.BICUBIC.resize(picture, height, width, cover.height(), cover.width());
        int plane = targetHeight * targetWidth;
        for (int row = 0; row < targetHeight; row++) {
            int from = 3 * ((top + row) * cover.width() + left);
            int to = offset + row * targetWidth;
            for (int column = 0; column < targetWidth; column++) {
                for (int channel = 0; channel < 3; channel++) {
                    float value = (picture[from + 3 * column + channel] & 0xff) / 255f;
                    target[to + column + channel * plane] = (value - 0.5f) / 0.5f;
                }
            }
        }
    }
}
