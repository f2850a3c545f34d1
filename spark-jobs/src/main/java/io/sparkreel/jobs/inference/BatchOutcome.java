// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import java.io.Serializable;
import java.util.List;

/**
 * What came of a batch, and when. Times are nanoseconds of the executor's own clock.
 *
 * @param results of its prompts
 * @param executor that generated it
 * @param begin when it was begun
 * @param end when its last clip was written
 * @param sampling how long the model sampled
 */
record BatchOutcome(List<ClipResult> results, String executor, long begin, long end, long sampling)
        implements Serializable {}
