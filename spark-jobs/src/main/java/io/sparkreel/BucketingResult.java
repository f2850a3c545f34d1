// SPDX-License-Identifier: Apache-2.0
package io.sparkreel;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a bucketing run has published.
 *
 * @param output folder of tables, report and manifest, as training takes it for {@code dataset.data_path}
 * @param clips one row for each clip that was found good
 * @param quarantine one row for each file that was put aside, with the reason
 * @param shards clips with the buckets they were assigned to, one row for each draw
 */
public record BucketingResult(String output, Dataset<Row> clips, Dataset<Row> quarantine, Dataset<Row> shards) {}
