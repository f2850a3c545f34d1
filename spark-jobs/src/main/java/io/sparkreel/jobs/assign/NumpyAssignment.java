// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.assign;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.BucketAssigner;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.bucketing.bucket.Candidate;
import io.sparkreel.bucketing.bucket.NumpyDraw;
import io.sparkreel.bucketing.bucket.Outcome;
import java.io.Serializable;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF5;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The bucket rule with the reference's own draws, which depend on the position of a clip in the metadata table:
 * for comparison with the reference, clip for clip. Plain Java, so no GPU runs it.
 */
final class NumpyAssignment implements Assignment {
    private static final String DECISION = "bucket_decision";
    private static final StructType FIELDS = new StructType()
            .add(OUTCOME, DataTypes.StringType, false)
            .add("resolution", DataTypes.StringType)
            .add("bucket_frames", DataTypes.IntegerType)
            .add("aspect", DataTypes.StringType)
            .add("height_px", DataTypes.IntegerType)
            .add("width_px", DataTypes.IntegerType);

    private final UserDefinedFunction decision;

    NumpyAssignment(BucketConfig rule, long seed) {
        decision = udf(new Decide(rule, seed), FIELDS);
    }

    @Override
    public Dataset<Row> decide(Dataset<Row> clips) {
        Dataset<Row> decided = clips.withColumn(
                DECISION,
                decision.apply(col("table_row"), col("epoch"), col("num_frames"), col("height"), col("width")));
        for (String name : FIELDS.fieldNames()) {
            decided = decided.withColumn(name, col(DECISION).getField(name));
        }
        return decided.drop(DECISION);
    }

    @Override
    public Dataset<Row> assign(Dataset<Row> clips) {
        return decide(clips)
                .where(col(OUTCOME).equalTo(Outcome.ASSIGNED.tableValue()))
                .drop(OUTCOME);
    }

    private static final class Decide implements UDF5<Long, Integer, Integer, Integer, Integer, Row>, Serializable {
        private static final long serialVersionUID = 1L;

        private final BucketConfig rule;
        private final int buckets;
        private final long seed;
        private transient BucketAssigner assigner;

        Decide(BucketConfig rule, long seed) {
            this.rule = rule;
            buckets = rule.bucketCount();
            this.seed = seed;
        }

        @Override
        public Row call(Long row, Integer epoch, Integer frames, Integer height, Integer width) {
            if (assigner == null) {
                assigner = new BucketAssigner(rule);
            }
            ToDoubleFunction<Candidate> draw = candidate -> NumpyDraw.draw(seed, epoch, row, buckets, candidate);
            Optional<Bucket> found = assigner.assign(frames, height, width, draw);
            if (found.isEmpty()) {
                return RowFactory.create(
                        assigner.explain(frames, height, width, draw).tableValue(), null, null, null, null, null);
            }
            Bucket bucket = found.get();
            return RowFactory.create(
                    Outcome.ASSIGNED.tableValue(),
                    bucket.resolution(),
                    bucket.frames(),
                    bucket.aspect(),
                    bucket.height(),
                    bucket.width());
        }
    }
}
