// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.jobs.config.reader.Choice;

/** {@code lr_schedule}: constant, or from {@code lr} to 0 at the last step along a half cosine or a line. */
public enum LearningRateSchedule implements Choice {
    CONSTANT,
    COSINE,
    LINEAR
}
