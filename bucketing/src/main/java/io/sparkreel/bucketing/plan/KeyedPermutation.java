// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import io.sparkreel.bucketing.bucket.KeyedOrder;
import java.io.Serializable;

/**
 * An order of 0 to length - 1 that looks random and follows from a key, given place by place: nothing is sorted or
 * stored, so that any process can tell any place of an order of billions.
 *
 * <p>A Feistel network over pairs of numbers (the generalised Feistel cipher of Black and Rogaway, "Ciphers with
 * arbitrary finite domains", 2002), walked until it stays below the length.
 */
final class KeyedPermutation implements Serializable {
    private static final long serialVersionUID = 1L;
    /** Even, so that the last round leaves the halves as they were. */
    private static final int ROUNDS = 6;

    private final long length;
    private final long left;
    private final long right;
    private final long key;

    KeyedPermutation(long length, long key) {
        if (length < 1) {
            throw new IllegalArgumentException("Cannot permute " + length + " places");
        }
        this.length = length;
        this.key = key;
        left = (long) Math.ceil(Math.sqrt((double) length));
        right = (length + left - 1) / left;
    }

    /** The place that an element gets. */
    long placeOf(long element) {
        long place = element;
        do {
            place = forward(place);
        } while (place >= length);
        return place;
    }

    /** The element at a place. */
    long elementAt(long place) {
        long element = place;
        do {
            element = backward(element);
        } while (element >= length);
        return element;
    }

    private long forward(long value) {
        long low = value % left;
        long high = value / left;
        for (int round = 0; round < ROUNDS; round += 2) {
            low = Math.floorMod(low + hash(round, high), left);
            high = Math.floorMod(high + hash(round + 1, low), right);
        }
        return high * left + low;
    }

    private long backward(long value) {
        long low = value % left;
        long high = value / left;
        for (int round = ROUNDS - 2; round >= 0; round -= 2) {
            high = Math.floorMod(high - hash(round + 1, low), right);
            low = Math.floorMod(low - hash(round, high), left);
        }
        return high * left + low;
    }

    /** A quarter of the range of a long, so that sums of it with a place do not overflow. */
    private long hash(int round, long value) {
        return KeyedOrder.key(key, round, value) >> 2;
    }
}
