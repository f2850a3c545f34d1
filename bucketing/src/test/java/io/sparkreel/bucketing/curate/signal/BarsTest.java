// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.bucketing.media.scale.Plane;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BarsTest {
    private static final int LIMIT = 24;

    /** A picture of 100 by 40 with grey of this level in a box, and black around it. */
    private static Plane picture(int level, int x, int y, int width, int height) {
        byte[] values = new byte[100 * 40];
        Arrays.fill(values, (byte) 16);
        for (int row = y; row < y + height; row++) {
            Arrays.fill(values, row * 100 + x, row * 100 + x + width, (byte) level);
        }
        return Plane.packed(values, 100, 40);
    }

    @Test
    void darkRowsBetweenPillarsAreNoBars() {
        Plane luma = picture(40, 40, 0, 20, 40);
        luma.values()[20 * 100 + 50] = 40;
        for (int row = 0; row < 20; row++) {
            Arrays.fill(luma.values(), row * 100 + 40, row * 100 + 60, (byte) 200);
        }
        Bars plain = Bars.of(luma, LIMIT);
        assertEquals(new Bars(40, 59, 0, 19), plain);
        assertEquals(new Bars(40, 59, 0, 39), plain.refined(luma, LIMIT));
    }

    @Test
    void barsOnAllSidesStay() {
        Plane luma = picture(200, 20, 10, 60, 20);
        assertEquals(new Bars(20, 79, 10, 29), Bars.of(luma, LIMIT).refined(luma, LIMIT));
    }

    @Test
    void aBlackPictureHasNoInside() {
        Plane luma = picture(16, 0, 0, 1, 1);
        assertEquals(new Bars(100, -1, 40, -1), Bars.of(luma, LIMIT).refined(luma, LIMIT));
    }
}
