// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.scale;

/**
 * Bilinear interpolation of values in [0, 1] with pixel centres at half coordinates ({@code
 * align_corners=False}) and no antialiasing, computed only where the crop looks. Arithmetic is
 * single precision, as in the reference.
 */
final class BilinearScaler implements FrameScaler {

    private final int sourceHeight;
    private final int sourceWidth;
    private final Axis rows;
    private final Axis columns;

    private BilinearScaler(int sourceHeight, int sourceWidth, Axis rows, Axis columns) {
        this.sourceHeight = sourceHeight;
        this.sourceWidth = sourceWidth;
        this.rows = rows;
        this.columns = columns;
    }

    /** Of an odd overhang the larger half is cut from the right or the bottom. */
    static BilinearScaler resizeCrop(Size stored, Size shown, Size target) {
        Cover cover = Cover.of(shown, target);
        int top = (cover.height() - target.height()) / 2;
        int left = (cover.width() - target.width()) / 2;
        return new BilinearScaler(
                stored.height(),
                stored.width(),
                Axis.of(stored.height(), (float) stored.height() / cover.height(), top, target.height()),
                Axis.of(stored.width(), (float) stored.width() / cover.width(), left, target.width()));
    }

    /** Both axes share one scale factor; the scaled size is rounded down, half of the overhang to even. */
    static BilinearScaler center(Size stored, Size shown, int side) {
        double factor = (double) side / Math.min(shown.height(), shown.width());
        int scaledHeight = Math.max(side, (int) Math.floor(shown.height() * factor));
        int scaledWidth = Math.max(side, (int) Math.floor(shown.width() * factor));
        float down = (float) (1.0 / factor * ((double) stored.height() / shown.height()));
        float across = (float) (1.0 / factor * ((double) stored.width() / shown.width()));
        return new BilinearScaler(
                stored.height(),
                stored.width(),
                Axis.of(stored.height(), down, (int) Math.rint((scaledHeight - side) / 2.0), side),
                Axis.of(stored.width(), across, (int) Math.rint((scaledWidth - side) / 2.0), side));
    }

    @Override
    public void scale(byte[] rgb, float[] target, int offset) {
        int height = rows.length();
        int width = columns.length();
        int plane = height * width;
        for (int row = 0; row < height; row++) {
            int upper = rows.lower[row] * sourceWidth;
            int lower = rows.upper[row] * sourceWidth;
            float down = rows.weight[row];
            for (int column = 0; column < width; column++) {
                int left = columns.lower[column];
                int right = columns.upper[column];
                float across = columns.weight[column];
                int to = offset + row * width + column;
                for (int channel = 0; channel < 3; channel++) {
                    float top = (1 - across) * unit(rgb, upper + left, channel)
                            + across * unit(rgb, upper + right, channel);
                    float bottom = (1 - across) * unit(rgb, lower + left, channel)
                            + across * unit(rgb, lower + right, channel);
                    float value = (1 - down) * top + down * bottom;
                    target[to + channel * plane] = (value - 0.5f) / 0.5f;
                }
            }
        }
    }

    @Override
    public boolean[] rows() {
        boolean[] looked = new boolean[sourceHeight];
        for (int row = 0; row < rows.length(); row++) {
            looked[rows.lower[row]] = true;
            looked[rows.upper[row]] = true;
        }
        return looked;
    }

    private static float unit(byte[] rgb, int pixel, int channel) {
        return (rgb[3 * pixel + channel] & 0xff) / 255f;
    }

    /** For every target position the two source positions and the weight of the second. */
    private record Axis(int[] lower, int[] upper, float[] weight) {

        static Axis of(int sourceLength, float step, int start, int length) {
            int[] lower = new int[length];
            int[] upper = new int[length];
            float[] weight = new float[length];
            for (int i = 0; i < length; i++) {
                float position = Math.max(0f, step * (start + i + 0.5f) - 0.5f);
                lower[i] = Math.min((int) position, sourceLength - 1);
                upper[i] = Math.min(lower[i] + 1, sourceLength - 1);
                weight[i] = Math.min(Math.max(position - lower[i], 0f), 1f);
            }
            return new Axis(lower, upper, weight);
        }

        int length() {
            return weight.length;
        }
    }
}
