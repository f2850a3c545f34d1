// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import java.io.Serializable;

/**
 * What a rank reports when an attempt ends well.
 *
 * @param rank which
 * @param steps global steps of the run that are done
 * @param updates how often the weights were updated in the run
 * @param checkpoint the last checkpoint's folder, as a URI
 * @param stopped why the run must stop, which rank 0 says best; null if it may continue
 */
record RankResult(int rank, long steps, long updates, String checkpoint, String stopped) implements Serializable {
    private static final long serialVersionUID = 1L;
}
