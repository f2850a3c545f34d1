// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HalfPrecisionTest {

    // Inputs at ties, at the edges of the ranges and in between, with the bits that PyTorch converts them to.
    private static final float[] VALUES = {
        1.0039062f,
        1.0117188f,
        1.0039062f,
        -1.0039062f,
        3.4e38f,
        1e-40f,
        65519.99f,
        65520f,
        2049f,
        2051f,
        0x1p-25f,
        0x1.8p-24f,
        -6.1e-5f,
        6.103515e-5f,
        0.1f
    };
    private static final int[] BF16 = {
        0x3f80, 0x3f82, 0x3f80, 0xbf80, 0x7f80, 0x1, 0x4780, 0x4780, 0x4500, 0x4500, 0x3300, 0x33c0, 0xb880, 0x3880,
        0x3dcd
    };
    private static final int[] F16 = {
        0x3c04, 0x3c0c, 0x3c04, 0xbc04, 0x7c00, 0x0, 0x7bff, 0x7c00, 0x6800, 0x6802, 0x0, 0x2, 0x83ff, 0x400, 0x2e66
    };

    @Test
    void narrowingGivesTheBitsOfPyTorch() {
        for (int i = 0; i < VALUES.length; i++) {
            assertEquals(BF16[i], HalfPrecision.toBf16(VALUES[i]) & 0xFFFF, "bf16 of " + VALUES[i]);
            assertEquals(F16[i], HalfPrecision.toF16(VALUES[i]) & 0xFFFF, "f16 of " + VALUES[i]);
        }
    }

    @Test
    void everyBinary16HasTheValueOfItsDefinitionAndComesBack() {
        for (int bits = 0; bits <= 0xFFFF; bits++) {
            int exponent = bits >> 10 & 0x1F;
            int fraction = bits & 0x3FF;
            double magnitude = exponent == 0x1F
                    ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                    : exponent == 0
                            ? fraction / 1024.0 * Math.pow(2, -14)
                            : (1 + fraction / 1024.0) * Math.pow(2, exponent - 15);
            double expected = bits >> 15 == 0 ? magnitude : -magnitude;
            float value = HalfPrecision.fromF16((short) bits);
            assertEquals(expected, (double) value);
            if (!Float.isNaN(value)) {
                assertEquals(bits, HalfPrecision.toF16(value) & 0xFFFF);
            }
        }
    }

    @Test
    void everyBfloat16ComesBack() {
        for (int bits = 0; bits <= 0xFFFF; bits++) {
            float value = HalfPrecision.fromBf16((short) bits);
            if (!Float.isNaN(value)) {
                assertEquals(bits, HalfPrecision.toBf16(value) & 0xFFFF);
            }
        }
    }

    @Test
    void notANumberStaysSo() {
        for (int bits : new int[] {0x7FC00000, 0x7F800001, 0xFF800001, 0xFFFFFFFF}) {
            float value = Float.intBitsToFloat(bits);
            assertTrue(Float.isNaN(HalfPrecision.fromBf16(HalfPrecision.toBf16(value))));
            assertTrue(Float.isNaN(HalfPrecision.fromF16(HalfPrecision.toF16(value))));
        }
    }
}
