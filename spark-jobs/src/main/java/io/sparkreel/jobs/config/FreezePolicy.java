// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import io.sparkreel.jobs.config.reader.Choice;

/** {@code model.freeze}: train only the temporal attention, or all but the text cross-attention. */
public enum FreezePolicy implements Choice {
    NOT_TEMPORAL,
    TEXT
}
