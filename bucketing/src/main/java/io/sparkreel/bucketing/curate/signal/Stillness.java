// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * How far a frame is from the last one that moved, as FFmpeg's freezedetect measures it: the mean absolute difference
 * of all samples of all planes, as a share of 256. A frame within the noise is frozen; any other becomes the one that
 * later frames are compared with.
 */
final class Stillness {

    private final double noise;
    private byte[][] reference;
    private byte[][] before;

    /** @param noise the largest share at which a frame counts as frozen */
    Stillness(double noise) {
        this.noise = noise;
    }

    /**
     * Distances of one frame.
     *
     * @param distance from the last frame that moved, as a share of 256; 1 for the first frame
     * @param settled whether the distance is the same whatever came before: the frame is so far from the one before it
     *     that one of them moved
     */
    record Distance(float distance, boolean settled) {}

    /** @param planes luma and colour of a frame, packed; taken over */
    Distance next(byte[][] planes) {
        boolean follows = before != null && before[0].length == planes[0].length;
        double step = follows ? distance(planes, before) : 1;
        double distance = follows ? before == reference ? step : distance(planes, reference) : 1;
        before = planes;
        if (distance > noise) {
            reference = planes;
        }
        return new Distance((float) distance, step > 2 * noise);
    }

    private static double distance(byte[][] one, byte[][] other) {
        long sum = 0;
        long samples = 0;
        for (int plane = 0; plane < one.length; plane++) {
            sum += Content.sumOfDifferences(one[plane], other[plane]);
            samples += one[plane].length;
        }
        return (double) sum / samples / 256;
    }
}
