// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/** {@code lr_schedule}: constant, or a half cosine from {@code lr} to 0 at the last step. */
public enum LearningRateSchedule implements Choice {
    CONSTANT,
    COSINE
}
