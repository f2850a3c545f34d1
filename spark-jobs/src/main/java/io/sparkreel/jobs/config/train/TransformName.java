// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.jobs.config.reader.Choice;

/** {@code dataset.transform_name}: how frames come to their target size. */
public enum TransformName implements Choice {
    /** Scale until the target is covered, then cut the centre. */
    RESIZE_CROP,
    /** Scale the short side to the target, then cut the centre. */
    CENTER
}
