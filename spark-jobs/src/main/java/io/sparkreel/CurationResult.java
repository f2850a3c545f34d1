// SPDX-License-Identifier: Apache-2.0
package io.sparkreel;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a curation run left.
 *
 * @param output its folder, which a bucketing run takes as {@code input}
 * @param clips ranges of frames with measures, {@code kept} and {@code reasons}
 * @param shots every frame of a video is in one of them
 * @param videos one row for each
 * @param quarantine videos that were put aside, with the reason
 */
public record CurationResult(
        String output, Dataset<Row> clips, Dataset<Row> shots, Dataset<Row> videos, Dataset<Row> quarantine) {}
