// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import io.sparkreel.jobs.config.reader.Choice;

/** {@code dtype}: what the model computes in. Master weights and reductions are fp32 either way. */
public enum Precision implements Choice {
    BF16,
    FP32
}
