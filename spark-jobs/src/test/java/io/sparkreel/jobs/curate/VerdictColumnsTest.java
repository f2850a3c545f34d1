// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.curate.clip.Measure;
import io.sparkreel.bucketing.curate.clip.VerdictRule;
import io.sparkreel.bucketing.curate.clip.VerdictRule.Reason;
import io.sparkreel.jobs.LocalSpark;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

/** The rules as columns give the verdicts of the rules as they are written. */
class VerdictColumnsTest {
    private static final int CLIPS = 400;

    @Test
    void columnsJudgeAsTheRulesDo() {
        Random random = new Random(11);
        List<VerdictRule> rules = new ArrayList<>();
        for (Reason reason : Reason.values()) {
            if (reason != Reason.MIXED_SHOT) {
                rules.add(new VerdictRule(reason, random.nextInt(10)));
            }
        }
        StructType schema = new StructType().add("clip", DataTypes.IntegerType);
        for (Measure measure : Measure.values()) {
            schema = schema.add(measure.column(), DataTypes.DoubleType);
        }
        List<Row> rows = new ArrayList<>();
        List<List<String>> expected = new ArrayList<>();
        for (int clip = 0; clip < CLIPS; clip++) {
            Map<Measure, Double> measured = new EnumMap<>(Measure.class);
            List<Object> values = new ArrayList<>(List.of(clip));
            for (Measure measure : Measure.values()) {
                // Whole numbers, so that many values lie on a threshold; some are not there.
                double value = random.nextInt(8) == 0 ? Double.NaN : random.nextInt(10);
                measured.put(measure, value);
                values.add(Double.isNaN(value) ? null : value);
            }
            rows.add(RowFactory.create(values.toArray()));
            expected.add(VerdictRule.against(rules, measured).stream()
                    .map(Reason::tableValue)
                    .toList());
        }
        List<Row> judged = VerdictColumns.judge(LocalSpark.session().createDataFrame(rows, schema), rules)
                .orderBy("clip")
                .collectAsList();
        for (int clip = 0; clip < CLIPS; clip++) {
            Row row = judged.get(clip);
            assertEquals(expected.get(clip), row.<String>getList(row.fieldIndex("reasons")), row.toString());
            assertEquals(expected.get(clip).isEmpty(), row.<Boolean>getAs("kept"));
        }
    }

    @Test
    void withoutRulesNothingSpeaksAgainstAClip() {
        Row judged = VerdictColumns.judge(LocalSpark.session().range(1).toDF(), List.of())
                .first();
        assertTrue(judged.<Boolean>getAs("kept"));
        assertEquals(List.of(), judged.getList(judged.fieldIndex("reasons")));
    }
}
