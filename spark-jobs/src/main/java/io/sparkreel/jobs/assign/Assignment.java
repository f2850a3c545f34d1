// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.assign;

import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.jobs.config.bucketing.DrawKind;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The bucket rule over a table. Clips need {@code clip_id}, {@code num_frames}, {@code height}, {@code width} and
 * {@code epoch}, with {@code draw: numpy} also {@code table_row}.
 */
public interface Assignment {
    /** Grows when the same configuration and seed would fill other buckets. */
    int SAMPLER_VERSION = 1;

    /** The column that says what became of a clip: a {@link io.sparkreel.bucketing.bucket.Outcome}. */
    String OUTCOME = "outcome";

    /** The rule of a configuration. */
    static Assignment of(BucketConfig rule, DrawKind draw, long seed) {
        return draw == DrawKind.NUMPY ? new NumpyAssignment(rule, seed) : new BucketColumns(rule, seed);
    }

    /**
     * Adds {@link #OUTCOME}, and {@code resolution}, {@code bucket_frames}, {@code aspect}, {@code height_px} and
     * {@code width_px}, which are null for clips that no bucket took.
     */
    Dataset<Row> decide(Dataset<Row> clips);

    /** Like {@link #decide}, without the outcome and without the clips that no bucket took. */
    Dataset<Row> assign(Dataset<Row> clips);
}
