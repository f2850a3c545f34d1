// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.SparkSession;

/** Reads tables by name. */
public final class Tables {
    /** Spark's own switch for tables of its catalogue. */
    private static final String GLOB_PATHS = "__globPaths__";

    private Tables() {}

    /**
     * A reader that takes a path as it is and not for a pattern: folders may have brackets, braces, stars or colons in
     * their names. Escapes would not do, since Hadoop's patterns cannot have a colon.
     */
    public static DataFrameReader reader(SparkSession spark) {
        return spark.read().option(GLOB_PATHS, "false");
    }
}
