// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * Whether a frame holds two fields of different times, by its neighbours, as FFmpeg's idet decides for a single frame:
 * lines of one field that fit between lines of the frame before, or after, better than those of the other field.
 */
final class Combing {

    private static final double INTERLACED = 1.04;
    private static final double PROGRESSIVE = 1.5;

    private Combing() {}

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
        int height = frame.length / width;
        long[] fits = new long[2];
        long within = 0;
        for (int y = 2; y < height - 2; y++) {
            int at = y * width;
            fits[y & 1] += misfit(frame, before, at, width);
            fits[(y & 1) ^ 1] += misfit(frame, after, at, width);
            within += misfit(frame, frame, at, width);
        }
        if (fits[0] > INTERLACED * fits[1] || fits[1] > INTERLACED * fits[0]) {
            return Kind.INTERLACED;
        }
        return fits[1] > PROGRESSIVE * within ? Kind.PROGRESSIVE : Kind.UNDETERMINED;
    }

    /** Distance of a line of {@code other} from the mean of the lines around it in the frame, summed and doubled. */
    private static long misfit(byte[] frame, byte[] other, int at, int width) {
        int sum = 0;
        for (int x = at; x < at + width; x++) {
            sum += Math.abs((frame[x - width] & 0xff) + (frame[x + width] & 0xff) - 2 * (other[x] & 0xff));
        }
        return sum;
    }
}
