// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * How much hue, saturation, value and edges change from one frame to the next: mean absolute differences in 8-bit
 * levels, as PySceneDetect's content detector takes them. The ends of the circle of hues count as far apart.
 */
final class Content {

    private final boolean withEdges;
    private Hsv now;
    private Hsv before;
    private int[] edgesNow;
    private int[] edgesBefore;
    private Edges edges;

    /** @param withEdges whether edges are found and compared, which takes as long as all the rest */
    Content(boolean withEdges) {
        this.withEdges = withEdges;
    }

    /**
     * Differences from the frame before; zeros for the first frame, and after a change of size.
     *
     * @return hue, saturation, value and, where they are wanted, edges
     */
    float[] next(Picture picture) {
        boolean follows = now != null && now.width == picture.width() && now.height == picture.height();
        Hsv free = follows ? before : null;
        int[] freeEdges = follows ? edgesBefore : null;
        before = follows ? now : null;
        edgesBefore = follows ? edgesNow : null;
        now = free != null ? free : new Hsv(picture.width(), picture.height());
        now.set(picture);
        if (withEdges) {
            edgesNow = edges(freeEdges != null ? freeEdges : new int[picture.pixels()], follows);
        }
        float[] deltas = new float[withEdges ? 4 : 3];
        if (follows) {
            deltas[0] = difference(now.hue, before.hue);
            deltas[1] = difference(now.saturation, before.saturation);
            deltas[2] = difference(now.value, before.value);
            if (withEdges) {
                deltas[3] = difference(edgesNow, edgesBefore);
            }
        }
        return deltas;
    }

    private int[] edges(int[] target, boolean sameSize) {
        if (edges == null || !sameSize) {
            edges = new Edges(now.width, now.height);
        }
        double median = median(now.value);
        int low = (int) Math.max(0, (1 - 1.0 / 3) * median);
        int high = (int) Math.min(255, (1 + 1.0 / 3) * median);
        edges.find(now.value, low, high, target);
        int side = 4 + (int) Math.rint(Math.sqrt((double) now.width * now.height) / 192);
        Edges.dilate(target, now.width, now.height, side | 1);
        return target;
    }

    private static double median(int[] values) {
        int[] counts = Planes.counts(values);
        int half = values.length / 2;
        int upper = atRank(counts, half);
        return values.length % 2 == 1 ? upper : (atRank(counts, half - 1) + upper) / 2.0;
    }

    private static int atRank(int[] counts, int rank) {
        int level = 0;
        for (int below = counts[0]; below <= rank; below += counts[level]) {
            level++;
        }
        return level;
    }

    private static float difference(int[] one, int[] other) {
        return (float) ((double) Planes.sumOfDifferences(one, other) / one.length);
    }
}
