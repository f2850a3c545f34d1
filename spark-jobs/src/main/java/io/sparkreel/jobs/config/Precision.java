// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/** {@code dtype}: what the model computes in. Master weights and reductions are fp32 either way. */
public enum Precision {
    BF16,
    FP32
}
