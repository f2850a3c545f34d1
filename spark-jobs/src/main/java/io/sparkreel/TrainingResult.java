// SPDX-License-Identifier: Apache-2.0
package io.sparkreel;

/**
 * What a training run has left.
 *
 * @param steps taken in all
 * @param checkpoint folder of the last checkpoint, as inference takes it for {@code model.from_pretrained}
 * @param log file of JSON lines: every step that was logged, with its losses
 */
public record TrainingResult(long steps, String checkpoint, String log) {}
