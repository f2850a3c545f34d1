// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

/** The number formats that matrices are multiplied in. */
public enum Precision {
    FLOAT32(6),
    /** Eight bits of significand, the range of fp32. Sums inside a product are still taken in fp32. */
    BFLOAT16(15);

    private final long code;

    Precision(long code) {
        this.code = code;
    }

    /** Bytes of a value. */
    public int bytes() {
        return this == BFLOAT16 ? Short.BYTES : Float.BYTES;
    }

    /** PyTorch's number for the type; scripts have no names for types. */
    public long code() {
        return code;
    }
}
