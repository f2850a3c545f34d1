// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.xxhash64;

import org.apache.spark.sql.Column;

/**
 * The clips of a data set that are held out for validation. Their identity alone decides: neither
 * the seed nor the draw nor other clips play a part, so that all runs on the same data hold out the same ones.
 *
 * @param fraction of all clips, about
 */
public record HeldOut(double fraction) {
    /** Of no meaning, but it must never change. */
    private static final String SALT = "held out";

    private static final long PARTS = 1_000_000;

    /** No clips. */
    public static final HeldOut NONE = new HeldOut(0);

    boolean isEmpty() {
        return fraction == 0;
    }

    /** Of a table with the column {@code clip_id}. */
    public Column isHeldOut() {
        return pmod(xxhash64(col("clip_id"), lit(SALT)), lit(PARTS)).lt(lit(Math.round(fraction * PARTS)));
    }

    /** All others. */
    Column isTrainedOn() {
        return not(isHeldOut());
    }
}
