// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** Widens stored elements to floats. */
public final class FloatDecoder {

    private FloatDecoder() {}

    /**
     * Decodes all bytes that remain, in little endian.
     *
     * @return false, having done nothing, if the type is not a floating one
     */
    public static boolean decode(ByteBuffer bytes, DataType type, FloatBuffer target) {
        switch (type) {
            case F32 -> target.put(bytes.asFloatBuffer());
            case BF16 -> {
                while (bytes.hasRemaining()) {
                    target.put(HalfPrecision.fromBf16(bytes.getShort()));
                }
            }
            case F16 -> {
                while (bytes.hasRemaining()) {
                    target.put(HalfPrecision.fromF16(bytes.getShort()));
                }
            }
            case F64 -> {
                while (bytes.hasRemaining()) {
                    target.put((float) bytes.getDouble());
                }
            }
            default -> {
                return false;
            }
        }
        return true;
    }
}
