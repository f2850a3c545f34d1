// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/** {@code model.freeze}: train only the temporal attention, or all but the text cross-attention. */
public enum FreezePolicy {
    NOT_TEMPORAL,
    TEXT
}
