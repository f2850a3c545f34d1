// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

/**
 * The buckets of T5's relative position bias (Raffel et al. 2020, section 2.1): half of them for each direction, in
 * each half one for every distance up to a half of it, and the rest spread logarithmically over larger ones.
 */
final class RelativePositions {

    private RelativePositions() {}

    /**
     * The bucket of a key seen from a query.
     *
     * @param relative position of the key less that of the query
     * @param buckets of both directions together
     * @param maxDistance the distance from which on all share the last bucket
     */
    static int bucket(int relative, int buckets, int maxDistance) {
        int half = buckets / 2;
        int exact = half / 2;
        int direction = relative > 0 ? half : 0;
        int distance = Math.abs(relative);
        if (distance < exact) {
            return direction + distance;
        }
        // In single precision, as in the published model: a logarithm on the border of two buckets must round alike.
        float logarithm = (float) Math.log((float) distance / exact) / (float) Math.log((double) maxDistance / exact);
        return direction + Math.min(half - 1, exact + (int) (logarithm * (half - exact)));
    }

    /**
     * The bias of every pair of positions.
     *
     * @param table [buckets, heads]
     * @return [heads, length, length], queries before keys
     */
    static float[] bias(float[] table, int buckets, int heads, int maxDistance, int length) {
        float[] bias = new float[Math.multiplyExact(heads, length * length)];
        for (int query = 0; query < length; query++) {
            for (int key = 0; key < length; key++) {
                int bucket = bucket(key - query, buckets, maxDistance);
                for (int head = 0; head < heads; head++) {
                    bias[(head * length + query) * length + key] = table[bucket * heads + head];
                }
            }
        }
        return bias;
    }
}
