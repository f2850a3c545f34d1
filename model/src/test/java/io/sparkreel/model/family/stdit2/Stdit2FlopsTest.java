// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.LatentShape;
import java.util.List;
import org.junit.jupiter.api.Test;

class Stdit2FlopsTest {
    private static final Stdit2Config CONFIG =
            new Stdit2Config(512, 4, List.of(1, 2, 2), 48, 2, 4, 4, 0.1, true, 4096, 5, true);
    private final Stdit2Flops flops = new Stdit2Flops(CONFIG);

    /**
     * PyTorch 2.13's FlopCounterMode gave the first number for the linear layers of a model of these sizes; it does not
     * count fused attention, which is done by hand: queries * keys * width * 4, for 2 clips and 2 blocks.
     */
    @Test
    void countsWhatPyTorchCounts() {
        long linear = 19_817_472;
        long spatial = 3 * (15 * 15 * 48 * 4); // 3 frames of 15 tokens
        long temporal = 15 * (3 * 3 * 48 * 4);
        long cross = 45 * 5 * 48 * 4;
        BatchShape shape = new BatchShape(2, new LatentShape(4, 3, 6, 10), 5);
        assertEquals((double) (linear + 2 * 2 * (spatial + temporal + cross)), flops.forward(shape));
        assertEquals(3 * flops.forward(shape), flops.trainingStep(shape));
        assertEquals(90, flops.tokens(shape));
    }

    @Test
    void padsOddSizesToWholePatches() {
        BatchShape odd = new BatchShape(1, new LatentShape(4, 3, 5, 9), 5);
        BatchShape even = new BatchShape(1, new LatentShape(4, 3, 6, 10), 5);
        assertEquals(flops.tokens(even), flops.tokens(odd));
        assertEquals(flops.forward(even), flops.forward(odd));
    }
}
