// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

/** Which parameters a run leaves as they are. */
public enum Freeze {
    /** None. */
    NOTHING,
    /** All but the temporal attention of the blocks. */
    NOT_TEMPORAL,
    /** The cross attention to the caption. */
    TEXT;

    /** Whether a parameter of this published name stays as it is. */
    public boolean holds(String parameter) {
        return switch (this) {
            case NOTHING -> false;
            case NOT_TEMPORAL -> !parameter.contains(".attn_temp.");
            case TEXT -> parameter.contains(".cross_attn.");
        };
    }
}
