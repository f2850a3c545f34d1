// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.assign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.bucketing.DrawKind;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A table with {@code draw: numpy} goes where the reference's own code put each of its rows. */
@Golden
class GoldenAssignmentTest {
    private static final StructType CLIP = new StructType()
            .add("table_row", DataTypes.LongType, false)
            .add("num_frames", DataTypes.IntegerType, false)
            .add("height", DataTypes.IntegerType, false)
            .add("width", DataTypes.IntegerType, false)
            .add("epoch", DataTypes.IntegerType, false);

    @TestFactory
    Stream<DynamicTest> results(GoldenData golden) {
        JsonNode root = golden.json("buckets.json");
        List<DynamicTest> tests = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : root.get("configs").properties()) {
            for (String field : (Iterable<String>) entry.getValue()::fieldNames) {
                if (field.startsWith("frame_interval_")) {
                    tests.add(DynamicTest.dynamicTest(
                            entry.getKey() + " " + field, () -> check(root.get("clips"), entry.getValue(), field)));
                }
            }
        }
        assertFalse(tests.isEmpty(), "no case");
        return tests.stream();
    }

    private static void check(JsonNode clips, JsonNode golden, String field) {
        // JSON is YAML; only its keys are texts.
        String yaml = "frame_interval: " + field.substring("frame_interval_".length()) + "\nseed: 42\nbucket_config: "
                + golden.get("config").toString().replaceAll("\"(\\d+)\":\\[", "$1: [") + "\n";
        BucketingConfig config = ConfigLoader.parse(BucketingConfig.class, "golden", yaml, List.of())
                .config();
        List<Row> rows = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < clips.size(); i++) {
            JsonNode clip = clips.get(i);
            rows.add(RowFactory.create(
                    (long) i,
                    clip.get(0).asInt(),
                    clip.get(1).asInt(),
                    clip.get(2).asInt(),
                    0));
            JsonNode result = golden.get(field).get(i).get("result");
            expected.add(
                    result.isNull()
                            ? "null null null"
                            : result.get(0).asText() + " " + result.get(1).asInt() + " "
                                    + result.get(2).asText());
        }
        List<String> found = Assignment.of(config.buckets(), DrawKind.NUMPY, config.seed())
                .decide(LocalSpark.session().createDataFrame(rows, CLIP))
                .collectAsList()
                .stream()
                .map(row -> row.getAs("resolution") + " " + row.getAs("bucket_frames") + " " + row.getAs("aspect"))
                .toList();
        assertEquals(expected, found);
    }
}
