// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * How far a frame is from the last one that moved, as FFmpeg's freezedetect measures it: the mean absolute difference
 * of all samples of all planes, as a share of 256. A frame within the noise is frozen; any other becomes the one that
 * later frames are compared with.
 */
final class Stillness {

    private final double noise;
    private int[][] reference;
    private int[][] before;
    private int[][] spare;

    /** @param noise the largest share at which a frame counts as frozen */
    Stillness(double noise) {
        this.noise = noise;
    }

    /**
     * Distances of one frame.
     *
     * @param distance from the last frame that moved, as a share of 256; 1 for the first frame
     * @param settled whether the distances of later frames are the same whatever came before: the frame is so far from
     *     the one before it that it moved
     */
    record Distance(float distance, boolean settled) {}

    /** @param planes luma and colour of a frame; taken over */
    Distance next(int[][] planes) {
        boolean follows = before != null && sameSize(planes, before);
        double step = follows ? distance(planes, before) : 1;
        double distance = follows ? before == reference ? step : distance(planes, reference) : 1;
        int[][] left = before;
        before = planes;
        if (distance > noise) {
            spare = left == reference ? left : reference;
            reference = planes;
        } else {
            spare = left == reference ? null : left;
        }
        return new Distance((float) distance, step > 2 * noise);
    }

    /** Planes of an earlier frame that are no longer needed, or null; they are the caller's. */
    int[][] spare() {
        int[][] given = spare;
        spare = null;
        return given;
    }

    private static boolean sameSize(int[][] one, int[][] other) {
        return one[0].length == other[0].length && one[1].length == other[1].length;
    }

    private static double distance(int[][] one, int[][] other) {
        long sum = 0;
        long samples = 0;
        for (int plane = 0; plane < one.length; plane++) {
            sum += Planes.sumOfDifferences(one[plane], other[plane]);
            samples += one[plane].length;
        }
        return (double) sum / samples / 256;
    }
}
