// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

/**
 * Conversions between float and the two 16-bit formats: binary16 of IEEE 754 (F16) and bfloat16 (BF16), the upper half
 * of a float. Narrowing rounds to nearest, ties to even; not-a-number stays not-a-number.
 */
public final class HalfPrecision {

    private static final int F16_FRACTION_BITS = 10;
    private static final int F16_INFINITY = 0x7C00;
    private static final int F16_BIAS = 15;
    private static final int QUIET_BIT_OF_BF16 = 0x40;
    private static final float F16_OVERFLOW = 65520f; // half-way between the largest finite value and the next
    private static final double F16_SUBNORMAL_UNIT = 0x1.0p-24;

    private HalfPrecision() {}

    /** The value of a bfloat16. Exact. */
    public static float fromBf16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The bfloat16 nearest to a value. */
    public static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | QUIET_BIT_OF_BF16);
        }
        int roundUp = 0x7FFF + (bits >>> 16 & 1); // a tie goes up only when the kept part is odd
        return (short) ((bits + roundUp) >>> 16);
    }

    /** The value of a binary16. Exact. */
    public static float fromF16(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = bits >>> F16_FRACTION_BITS & 0x1F;
        int fraction = bits & 0x3FF;
        if (exponent == 0) {
            float magnitude = (float) (fraction * F16_SUBNORMAL_UNIT);
            return sign == 0 ? magnitude : -magnitude;
        }
        int floatExponent = exponent == 0x1F ? 0xFF : exponent - F16_BIAS + 127;
        return Float.intBitsToFloat(sign | floatExponent << 23 | fraction << 13);
    }

    /** The binary16 nearest to a value; beyond 65,504 infinity. */
    public static short toF16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        float magnitude = Math.abs(value);
        if (Float.isNaN(value)) {
            return (short) (sign | F16_INFINITY | 0x200);
        }
        if (magnitude >= F16_OVERFLOW) {
            return (short) (sign | F16_INFINITY);
        }
        if (magnitude < 0x1.0p-14f) { // subnormal: a count of the smallest unit; 1024 of them is the first normal value
            return (short) (sign | (int) Math.rint(magnitude / F16_SUBNORMAL_UNIT));
        }
        int rebiased = (bits & 0x7FFFFFFF) - ((127 - F16_BIAS) << 23);
        int roundUp = 0xFFF + (rebiased >>> 13 & 1);
        return (short) (sign | (rebiased + roundUp) >>> 13);
    }
}
