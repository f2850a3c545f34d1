// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.doctor;

import java.io.Serializable;
import java.util.List;

/**
 * What a rank says of the place where it runs.
 *
 * @param rank from 0
 * @param host of its executor
 * @param executor Spark's name of it
 * @param gpus addresses of the GPUs that Spark gave it
 * @param device what the model would compute on; null if unknown
 * @param findings about this place
 */
record RankReport(int rank, String host, String executor, List<String> gpus, String device, List<Finding> findings)
        implements Serializable {
    /** For people. */
    String name() {
        return "rank " + rank + " on " + host;
    }
}
