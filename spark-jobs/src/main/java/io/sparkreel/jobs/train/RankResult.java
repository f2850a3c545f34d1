// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import java.io.Serializable;
import java.util.List;

/**
 * What a rank reports when an attempt ends well.
 *
 * @param rank which
 * @param steps global steps of the run that are done
 * @param checkpoint the last checkpoint's folder
 * @param bad clips that this rank could not read
 */
record RankResult(int rank, long steps, String checkpoint, List<BadClip> bad) implements Serializable {}
