// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.media.scale.Plane;

/**
 * The first and last rows and columns of a picture that are brighter than bars, by the integer mean of their luma, as
 * FFmpeg's cropdetect asks.
 *
 * @param left first such column; the width where there is none
 * @param right last such column; -1 where there is none
 * @param top first such row; the height where there is none
 * @param bottom last such row; -1 where there is none
 */
record Bars(int left, int right, int top, int bottom) {

    /** @param limit mean luma up to which a row or column belongs to a bar */
    static Bars of(Plane luma, int limit) {
        int top = first(luma, true, limit);
        int left = first(luma, false, limit);
        return new Bars(
                left,
                left == luma.width() ? -1 : last(luma, false, limit),
                top,
                top == luma.height() ? -1 : last(luma, true, limit));
    }

    /**
     * The same with rows measured between the bars at the sides, and columns between those above and below: the black
     * of one pair of bars darkens the means of the other pair, so that a picture between pillars would lose dark rows.
     */
    Bars refined(Plane luma, int limit) {
        if (right < 0 || bottom < 0) {
            return this;
        }
        Bars rows = of(luma.box(left, 0, right - left + 1, luma.height()), limit);
        Bars columns = of(luma.box(0, top, luma.width(), bottom - top + 1), limit);
        return new Bars(columns.left, columns.right, rows.top, rows.bottom);
    }

    private static int first(Plane luma, boolean rows, int limit) {
        int lines = rows ? luma.height() : luma.width();
        for (int line = 0; line < lines; line++) {
            if (mean(luma, rows, line) > limit) {
                return line;
            }
        }
        return lines;
    }

    private static int last(Plane luma, boolean rows, int limit) {
        int line = (rows ? luma.height() : luma.width()) - 1;
        while (mean(luma, rows, line) <= limit) {
            line--;
        }
        return line;
    }

    private static int mean(Plane luma, boolean row, int line) {
        int length = row ? luma.width() : luma.height();
        int step = row ? luma.columnStep() : luma.rowStep();
        int at = luma.offset() + line * (row ? luma.rowStep() : luma.columnStep());
        byte[] values = luma.values();
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += values[at] & 0xff;
            at += step;
        }
        return sum / length;
    }

    /** The picture within the bars, over frames whose bars come and go: it only grows. */
    static final class Picture {

        private int left;
        private int right;
        private int top;
        private int bottom;

        /** Before the first frame, of pictures of this size. */
        Picture(int width, int height) {
            left = width - 1;
            top = height - 1;
        }

        /** A single bright line counts once it lies within what is known already. */
        void add(Bars bars) {
            top = Math.min(top, bars.top);
            bottom = bars.bottom > Math.max(bottom, top) ? bars.bottom : bottom;
            left = Math.min(left, bars.left);
            right = bars.right > Math.max(right, left) ? bars.right : right;
        }

        int left() {
            return left;
        }

        int right() {
            return right;
        }

        int top() {
            return top;
        }

        int bottom() {
            return bottom;
        }

        /** First column of the box, even. */
        int x() {
            return (left + 1) & ~1;
        }

        /** First row of the box, even. */
        int y() {
            return (top + 1) & ~1;
        }

        /** Columns of the box, even; negative where no frame has anything but bars. */
        int boxWidth() {
            int width = right - x() + 1;
            return width - width % 2;
        }

        /** Rows of the box, even; negative where no frame has anything but bars. */
        int boxHeight() {
            int height = bottom - y() + 1;
            return height - height % 2;
        }
    }
}
