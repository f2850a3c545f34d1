// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * Whether a frame holds two fields of different times, by its neighbours, as FFmpeg's idet decides for a single frame:
 * lines of one field that fit between lines of the frame before, or after, better than those of the other field.
 */
final class Combing {

    private static final double INTERLACED = 1.04;
    private static final double PROGRESSIVE = 1.5;

    /** Rows after which the largest distances might not fit into an int. */
    private static final int ROWS = 1 << 20;

    private final byte[][] frames; // before, of the one in question, after
    private final int width;
    private final int[][] lines; // above, of the row in question, below
    private final int[] lineBefore;
    private final int[] lineAfter;
    private final int[][] fits; // of both fields, by column
    private final int[] within;

    private Combing(byte[][] frames, int width) {
        this.frames = frames;
        this.width = width;
        this.lines = new int[3][width];
        this.lineBefore = new int[width];
        this.lineAfter = new int[width];
        this.fits = new int[2][width];
        this.within = new int[width];
    }

    /** What a frame was found to be. */
    enum Kind {
        /** Neither can be told, as where nothing moves. */
        UNDETERMINED,
        PROGRESSIVE,
        INTERLACED;

        /** As in {@link FrameSignals.Samples#combed()}. */
        int code() {
            return ordinal() - 1;
        }
    }

    /** Of the middle one of three frames in a row, by their luma. */
    static Kind of(byte[] before, byte[] frame, byte[] after, int width) {
        return new Combing(new byte[][] {before, frame, after}, width).kind();
    }

    private Kind kind() {
        int height = Math.min(frames[1].length / width, ROWS);
        if (height > 4) {
            widen(frames[1], 1, lines[1]);
            widen(frames[1], 2, lines[2]);
        }
        for (int y = 2; y < height - 2; y++) {
            int[] free = lines[0];
            lines[0] = lines[1];
            lines[1] = lines[2];
            lines[2] = free;
            widen(frames[1], y + 1, lines[2]);
            widen(frames[0], y, lineBefore);
            widen(frames[2], y, lineAfter);
            addMisfits(lineBefore, fits[y & 1]);
            addMisfits(lineAfter, fits[(y & 1) ^ 1]);
            addMisfits(lines[1], within);
        }
        long first = sum(fits[0]);
        long second = sum(fits[1]);
        if (first > INTERLACED * second || second > INTERLACED * first) {
            return Kind.INTERLACED;
        }
        return second > PROGRESSIVE * sum(within) ? Kind.PROGRESSIVE : Kind.UNDETERMINED;
    }

    private void widen(byte[] frame, int y, int[] line) {
        for (int x = 0; x < width; x++) {
            line[x] = frame[y * width + x] & 0xff;
        }
    }

    /** Adds the distance of a line from the mean of those above and below the row, doubled. */
    private void addMisfits(int[] line, int[] target) {
        int[] above = lines[0];
        int[] below = lines[2];
        for (int x = 0; x < width; x++) {
            target[x] += Math.abs(above[x] + below[x] - 2 * line[x]);
        }
    }

    private static long sum(int[] values) {
        long sum = 0;
        for (int value : values) {
            sum += value;
        }
        return sum;
    }
}
