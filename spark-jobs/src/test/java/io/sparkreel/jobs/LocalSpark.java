// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import org.apache.spark.sql.SparkSession;

/** One Spark session in this process for all tests that need one. */
public final class LocalSpark {
    private static SparkSession session;

    private LocalSpark() {}

    public static synchronized SparkSession session() {
        if (session == null) {
            session = SparkSession.builder()
                    .master("local[2]")
                    .appName("tests")
                    .config("spark.ui.enabled", "false")
                    .config("spark.sql.shuffle.partitions", "4")
                    .config("spark.sql.session.timeZone", "UTC")
                    // As the jobs have it.
                    .config("spark.sql.codegen.hugeMethodLimit", "8000")
                    .config("spark.sql.warehouse.dir", System.getProperty("java.io.tmpdir"))
                    .getOrCreate();
            session.sparkContext().setLogLevel("OFF");
        }
        return session;
    }
}
