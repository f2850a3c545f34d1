// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

/** The number formats that a model computes in. Master weights and reductions are fp32 either way. */
public enum Precision {
    /** Eight bits of significand, the range of fp32. Sums inside a product are still taken in fp32. */
    BF16(15),
    FP32(6);

    private final long code;

    Precision(long code) {
        this.code = code;
    }

    /** Bytes of a value. */
    public int bytes() {
        return this == BF16 ? Short.BYTES : Float.BYTES;
    }

    /** PyTorch's number for the type; scripts have no names for types. */
    public long code() {
        return code;
    }
}
