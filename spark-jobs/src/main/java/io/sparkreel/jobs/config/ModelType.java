// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/** {@code model.type}: the architecture, with sizes of one's own or with published ones. */
public enum ModelType implements Choice {
    /** STDiT2 of any size. */
    STDIT2("STDiT2"),
    /** STDiT2 with 28 blocks of width 1152, 16 heads and patches of 1x2x2. */
    STDIT2_XL_2("STDiT2-XL/2");

    private final String word;

    ModelType(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }
}
