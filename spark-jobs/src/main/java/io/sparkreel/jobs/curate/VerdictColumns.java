// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.array_compact;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.when;

import io.sparkreel.bucketing.curate.clip.Measure;
import io.sparkreel.bucketing.curate.clip.VerdictRule;
import io.sparkreel.bucketing.curate.clip.VerdictRule.Reason;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The verdict rules as expressions over the measures of clips, without a UDF, so that RAPIDS can run them. */
public final class VerdictColumns {
    private static final String NONE = "cast(array() as array<string>)";

    /** The columns that are judged. */
    public static final StructType MEASURES = measures();

    private VerdictColumns() {}

    private static StructType measures() {
        StructType measures = new StructType();
        for (Measure measure : Measure.values()) {
            measures = measures.add(measure.column(), DataTypes.DoubleType);
        }
        return measures;
    }

    /**
     * Adds {@code kept}, and {@code reasons}: all that speak against a clip, in the order of {@link Reason}.
     *
     * @param clips with the columns of the measures
     */
    public static Dataset<Row> judge(Dataset<Row> clips, List<VerdictRule> rules) {
        return clips.withColumn("reasons", reasons(rules))
                .withColumn("kept", size(col("reasons")).equalTo(0));
    }

    private static Column reasons(List<VerdictRule> rules) {
        Column[] against = Arrays.stream(Reason.values())
                .flatMap(reason -> rules.stream().filter(rule -> rule.reason() == reason))
                .map(rule -> when(speaksAgainst(rule), lit(rule.reason().tableValue())))
                .toArray(Column[]::new);
        return against.length == 0 ? expr(NONE) : array_compact(array(against));
    }

    private static Column speaksAgainst(VerdictRule rule) {
        Column measure = col(rule.reason().measure().column());
        return rule.reason().above() ? measure.gt(rule.threshold()) : measure.lt(rule.threshold());
    }
}
