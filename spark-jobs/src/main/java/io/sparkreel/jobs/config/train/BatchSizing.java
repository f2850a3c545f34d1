// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

/** {@code batch_sizes}: where the batch sizes of buckets come from. */
public enum BatchSizing {
    /** From {@code bucket_config}. */
    CONFIGURED,
    /** The largest that fit {@code memory_gib}, and by which all micro-batches cost about the same. */
    AUTO
}
