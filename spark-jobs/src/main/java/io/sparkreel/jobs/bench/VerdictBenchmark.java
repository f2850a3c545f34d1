// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.rand;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.sparkreel.bucketing.curate.clip.VerdictRule;
import io.sparkreel.jobs.curate.VerdictColumns;
import io.sparkreel.model.bench.Report;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/** Measures how many clips a second are judged by columns in memory, without reading and writing. */
final class VerdictBenchmark {
    private static final int LARGEST = 256; // of what measures are; shares have thresholds below 1

    private VerdictBenchmark() {}

    /**
     * Judges random measures.
     *
     * @param spark whose tasks each have a core
     * @param rounds of which the fastest counts
     */
    static Report measure(SparkSession spark, List<VerdictRule> rules, long clips, int rounds) {
        Column[] columns = new Column[VerdictColumns.MEASURES.length()];
        for (int i = 0; i < columns.length; i++) {
            // A share in half of the rows, a level in the others, so that rules find for and against.
            columns[i] = when(rand(100L + i).lt(0.5), rand((long) i))
                    .otherwise(rand((long) i).multiply(LARGEST))
                    .as(VerdictColumns.MEASURES.apply(i).name());
        }
        int cores = spark.sparkContext().defaultParallelism();
        Dataset<Row> measures = spark.range(0, clips, 1, cores).select(columns).persist(StorageLevel.MEMORY_ONLY());
        try {
            measures.count();
            Row judged = null;
            double fastest = Double.POSITIVE_INFINITY;
            for (int round = 0; round <= rounds; round++) { // the first one compiles
                long begin = System.nanoTime();
                judged = VerdictColumns.judge(measures, rules)
                        .agg(sum(size(col("reasons"))), count(when(col("kept"), 1)))
                        .first();
                fastest = round == 0 ? fastest : Math.min(fastest, (System.nanoTime() - begin) / 1e9);
            }
            return new Report("verdicts")
                    .put("clips", clips)
                    .put("rules", rules.size())
                    .put("reasons", judged.getLong(0))
                    .put("kept", judged.getLong(1))
                    .put("clips_per_s_per_core", clips / fastest / cores);
        } finally {
            measures.unpersist();
        }
    }
}
