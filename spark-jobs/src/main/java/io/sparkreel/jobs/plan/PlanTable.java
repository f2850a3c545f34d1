// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.udf;

import io.sparkreel.bucketing.plan.EpochPlan;
import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.bucketing.plan.StepPlanner.BucketLoad;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.features.FeatureCache;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF3;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The plan of some epochs as a table: one row for each clip of each step, with what a rank needs to read it.
 * "Which clips were in step 5123" is a query on it.
 */
final class PlanTable {
    private static final int CLIPS_PER_FILE = 250_000;
    private static final StructType PLACE = new StructType()
            .add("step", DataTypes.LongType, false)
            .add("micro_batch", DataTypes.IntegerType, false)
            .add("slot", DataTypes.IntegerType, false)
            .add("cost", DataTypes.DoubleType, false);
    private static final StructType EPOCHS = new StructType()
            .add("epoch", DataTypes.IntegerType, false)
            .add("draw", DataTypes.IntegerType, false)
            .add("first_step", DataTypes.LongType, false);

    /** What a rank needs, and what names a clip. */
    private static final List<String> CLIP_COLUMNS = List.of(
            "clip_id",
            "uri",
            "kind",
            "bytes",
            "num_frames",
            "fps",
            "caption",
            "bucket_frames",
            "height_px",
            "width_px");

    /** A dictionary of these would only be filled and thrown away. */
    private static final List<String> ALL_DIFFERENT = List.of("clip_id", "uri", "bytes", "caption");
    /** Text that nobody searches by its range. */
    private static final List<String> NO_RANGE = List.of("uri", "caption");

    private final SparkSession spark;
    private final ClipSource source;
    private final PlanSettings rules;
    private final Dataset<Row> features;
    private final int windows;

    /**
     * @param features the index of stored features, or null
     * @param windows of each video that are stored
     */
    PlanTable(SparkSession spark, ClipSource source, PlanSettings rules, Dataset<Row> features, int windows) {
        this.spark = spark;
        this.source = source;
        this.rules = rules;
        this.features = features;
        this.windows = windows;
    }

    /** Where the features of a clip are stored, null where they are not. */
    private static final Map<String, String> FEATURES = new java.util.LinkedHashMap<>();

    static {
        FEATURES.put("feature_file", "string");
        FEATURES.put("feature_offset", "long");
        FEATURES.put("feature_values", "int");
        FEATURES.put("feature_varies", "boolean");
        FEATURES.put("feature_tokens", "int");
    }

    /** Asks the planner for the place of a clip. */
    private static final class PlaceOfClip implements UDF3<Integer, Integer, Long, Row> {
        private static final long serialVersionUID = 1L;
        private final StepPlanner planner;
        private final List<List<BucketLoad>> draws;
        private transient Map<Integer, EpochPlan> plans;

        PlaceOfClip(StepPlanner planner, List<List<BucketLoad>> draws) {
            this.planner = planner;
            this.draws = draws;
        }

        @Override
        public Row call(Integer epoch, Integer bucket, Long clip) {
            EpochPlan.Place place = plan(epoch).place(bucket, clip);
            return RowFactory.create(place.step(), place.microBatch(), place.slot(), place.cost());
        }

        private synchronized EpochPlan plan(int epoch) {
            if (plans == null) {
                plans = new ConcurrentHashMap<>();
            }
            return plans.computeIfAbsent(epoch, e -> planner.plan(e, draws.get(e % draws.size())));
        }
    }

    /**
     * Writes the planner's steps of some epochs: one pass over the clips, and one shuffle by step.
     *
     * @param draws what is in each draw of the data
     * @param firstEpoch the first
     * @param firstSteps global number of the first step of each epoch
     */
    void write(List<List<BucketLoad>> draws, int firstEpoch, List<Long> firstSteps, long endStep, String path) {
        List<Row> epochs = new ArrayList<>();
        long clips = 0;
        for (int i = 0; i < firstSteps.size(); i++) {
            int draw = (firstEpoch + i) % draws.size();
            epochs.add(RowFactory.create(firstEpoch + i, draw, firstSteps.get(i)));
            clips += source.clips(draw);
        }
        List<String> names = rules.buckets().stream().map(bucket -> bucket.id()).toList();
        Column name = org.apache.spark.sql.functions.element_at(
                lit(names.toArray(String[]::new)), col("bucket_number").plus(1));
        // Not to be called once for each column of its result.
        Column place = udf(new PlaceOfClip(rules.planner(), draws), PLACE)
                .asNondeterministic()
                .apply(col("epoch"), col("bucket_number"), col("number"));
        Dataset<Row> placed = source.clips()
                .join(broadcast(spark.createDataFrame(epochs, EPOCHS)), "draw")
                .withColumn("place", place)
                .withColumn("bucket", name);
        store(placed, col("place.step").plus(col("first_step")), "place.", clips, firstSteps.get(0), endStep, path);
    }

    /** Writes steps that were decided elsewhere: columns epoch, draw, step, micro_batch, slot, cost, bucket, clip_id. */
    void write(Dataset<Row> places, long clips, long firstStep, long endStep, String path) {
        Dataset<Row> placed = source.clips().join(broadcast(places), new String[] {"draw", "clip_id"});
        store(placed, col("step"), "", clips, firstStep, endStep, path);
    }

    /** Says where the window of a clip that its epoch shows is stored; nulls where it is not. */
    private Dataset<Row> withFeatures(Dataset<Row> placed) {
        return features == null
                ? placed
                : placed.withColumn("window", FeatureCache.window(col("epoch"), windows))
                        .withColumn("content", FeatureCache.content())
                        .join(features, FeatureCache.KEY.toArray(String[]::new), "left");
    }

    private void store(
            Dataset<Row> placed, Column step, String places, long clips, long firstStep, long endStep, String path) {
        List<Column> columns = new ArrayList<>(List.of(
                col("epoch"),
                step.as("step"),
                col(places + "micro_batch"),
                col(places + "slot"),
                col("bucket"),
                col(places + "cost")));
        CLIP_COLUMNS.forEach(column -> columns.add(col(column)));
        ClipParts.COLUMNS.forEach(column -> columns.add(col(column)));
        FEATURES.forEach((name, type) ->
                columns.add(features == null ? lit(null).cast(type).as(name) : col(name)));
        int files = (int) (1 + clips / CLIPS_PER_FILE);
        long stepsPerFile = Math.max(1, (endStep - firstStep + files - 1) / files);
        DataFrameWriter<Row> writer = withFeatures(placed)
                .select(columns.toArray(Column[]::new))
                // Files in the order of their names are in the order of steps.
                .repartitionById(
                        files,
                        pmod(col("step").minus(firstStep).divide(stepsPerFile).cast("int"), lit(files)))
                .withColumn("place", place(firstStep))
                .sortWithinPartitions("place")
                .drop("place")
                .write()
                .mode(SaveMode.Overwrite)
                .option("compression", "zstd");
        ALL_DIFFERENT.forEach(column -> writer.option("parquet.enable.dictionary#" + column, "false"));
        NO_RANGE.forEach(column -> writer.option("parquet.column.statistics.enabled#" + column, "false"));
        writer.parquet(path);
    }

    /** Steps, their micro-batches and slots as one number: Spark sorts by one several times faster than by three. */
    private Column place(long firstStep) {
        long slots = rules.batchSizes().values().stream()
                .mapToInt(size -> size)
                .max()
                .orElse(1);
        return col("step")
                .minus(firstStep)
                .multiply((long) rules.planner().microBatchesPerStep())
                .plus(col("micro_batch"))
                .multiply(slots)
                .plus(col("slot"));
    }
}
