// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.KeyedOrder;
import io.sparkreel.bucketing.plan.EpochPlan;
import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.bucketing.plan.StepPlanner.Mix;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.assign.Assignment;
import io.sparkreel.jobs.assign.BucketStatistics;
import io.sparkreel.jobs.assign.ShardWriter;
import io.sparkreel.jobs.bench.ClipMix;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.bucketing.DrawKind;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.train.StepSampler;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.BucketingManifest.BucketRows;
import io.sparkreel.jobs.dataset.BucketingManifest.Contents;
import io.sparkreel.jobs.dataset.BucketingManifest.Origin;
import io.sparkreel.jobs.dataset.BucketingManifest.Rule;
import io.sparkreel.jobs.dataset.ShardFiles;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.train.EvalData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The planner as a query over shards, held against the planner itself. */
class PlanTableTest {
    private static final SparkSession SPARK = LocalSpark.session();
    private static final int CLIPS = 3000;
    private static final int DRAWS = 2;
    private static final long DATA_SEED = 5;

    @TempDir
    static Path work;

    private static PlanInputs plain;

    @BeforeAll
    static void makeShards() throws Exception {
        plain = start("plain", ClipMix.table(SPARK, CLIPS), Mix.MIXED, StepSampler.PLANNER);
    }

    private static PlanInputs start(String name, Dataset<Row> clips, Mix mix, StepSampler sampler) throws Exception {
        BucketingConfig config = ConfigLoader.parse(
                        BucketingConfig.class,
                        "test.yaml",
                        "{bucket_config: {144p: {1: [1.0, 4]}, 480p: {16: [0.5, 2]}, 256: {16: [1.0, 3]}}, frame_interval: 3}",
                        List.of())
                .config();
        HadoopStorage data =
                new HadoopStorage(new Configuration(), work.resolve(name).toString());
        if (clips != null) {
            clips.write().parquet(data.uri("clips/run=r"));
        }
        Dataset<Row> stored = SPARK.read().parquet(data.uri("clips/run=r"));
        Assignment assignment = Assignment.of(config.buckets(), DrawKind.KEYED, DATA_SEED);
        BucketStatistics.Counts counts = BucketStatistics.count(ShardWriter.withEpochs(stored, DRAWS), assignment);
        if (clips != null) {
            // Several files to each bucket: as if there were many more clips.
            ShardWriter.writer(ShardWriter.shards(stored, assignment, DRAWS, DATA_SEED, counts.kept() * 150))
                    .parquet(data.uri("shards/run=r"));
        }
        List<BucketRows> buckets = counts.buckets().entrySet().stream()
                .map(bucket -> BucketRows.of(bucket.getKey(), bucket.getValue()))
                .toList();
        Rule rule = new Rule("keyed", 1, DATA_SEED, DRAWS, config.frameInterval(), 0.8, Map.of(), Map.of());
        BucketingManifest manifest = new BucketingManifest(
                new Origin("r", "", "", "", null),
                rule,
                new Contents(
                        counts.fingerprint(),
                        CLIPS,
                        0,
                        buckets,
                        ShardFiles.read(
                                JavaSparkContext.fromSparkContext(SPARK.sparkContext()), data.uri("shards/run=r"))));
        Map<String, Integer> sizes = new HashMap<>();
        Map<String, Double> costs = new HashMap<>();
        for (Bucket bucket : counts.buckets().keySet()) {
            sizes.put(Bucket.tag(bucket.resolution(), bucket.frames()), 1 + bucket.frames() % 5);
            costs.put(bucket.id(), (double) bucket.frames() * bucket.height() * bucket.width());
        }
        PlanSettings rules = new PlanSettings(
                List.copyOf(counts.buckets().keySet()), sizes, costs, null, new StepPlanner(42, 8, mix), sampler);
        return new PlanInputs(
                data,
                manifest,
                new HadoopStorage(
                        new Configuration(), work.resolve(name + "-run").toString()),
                rules,
                null,
                null);
    }

    /** Epoch, step, micro-batch, slot and clip of each row. */
    private static List<List<Object>> places(Dataset<Row> plan) {
        return plan.orderBy("epoch", "step", "micro_batch", "slot").collectAsList().stream()
                .map(row -> List.<Object>of(
                        row.getAs("epoch"),
                        row.getAs("step"),
                        row.getAs("micro_batch"),
                        row.getAs("slot"),
                        row.getAs("bucket"),
                        row.getAs("cost"),
                        row.getAs("clip_id")))
                .toList();
    }

    /** The same from the planner and from the lists of clips. */
    private static List<List<Object>> expected(PlanInputs start, int firstEpoch, int epochs, long firstStep) {
        List<List<Object>> places = new ArrayList<>();
        Dataset<Row> shards = SPARK.read().parquet(start.data().uri("shards/run=r"));
        Map<List<Object>, List<Long>> clips = new HashMap<>();
        for (Row row : shards.collectAsList()) {
            String id = row.getAs("resolution") + "-" + row.getAs("bucket_frames") + "-" + row.getAs("aspect");
            clips.computeIfAbsent(List.of(row.<Integer>getAs("epoch"), id), key -> new ArrayList<>())
                    .add(row.getAs("clip_id"));
        }
        long stepsBefore = firstStep;
        for (int epoch = firstEpoch; epoch < firstEpoch + epochs; epoch++) {
            int draw = epoch % DRAWS;
            List<long[]> ordered = new ArrayList<>();
            long[] counts = new long[start.rules().buckets().size()];
            for (Bucket bucket : start.rules().buckets()) {
                long[] ids = clips.getOrDefault(List.of(draw, bucket.id()), List.of()).stream()
                        .mapToLong(id -> id)
                        .toArray();
                counts[ordered.size()] = ids.length;
                ordered.add(KeyedOrder.sorted(DATA_SEED, draw, ids));
            }
            EpochPlan plan = start.rules().planner().plan(epoch, start.rules().loads(counts));
            TreeMap<List<Long>, List<Object>> sorted = new TreeMap<>((a, b) -> {
                int compared = 0;
                for (int i = 0; i < a.size() && compared == 0; i++) {
                    compared = Long.compare(a.get(i), b.get(i));
                }
                return compared;
            });
            for (int bucket = 0; bucket < ordered.size(); bucket++) {
                for (int i = 0; i < ordered.get(bucket).length; i++) {
                    EpochPlan.Place place = plan.place(bucket, i);
                    sorted.put(
                            List.of(place.step(), (long) place.microBatch(), (long) place.slot()),
                            List.of(
                                    epoch,
                                    stepsBefore + place.step(),
                                    place.microBatch(),
                                    place.slot(),
                                    start.rules().buckets().get(bucket).id(),
                                    plan.microBatch(place.step(), place.microBatch())
                                            .cost(),
                                    ordered.get(bucket)[i]));
                }
            }
            places.addAll(sorted.values());
            stepsBefore += plan.steps();
        }
        return places;
    }

    @Test
    void theQueryPutsEveryClipWhereThePlannerDoes() throws Exception {
        for (Mix mix : Mix.values()) {
            PlanInputs start = start("plain", null, mix, StepSampler.PLANNER);
            EpochPlanning planning = new EpochPlanning(SPARK, start, HeldOut.NONE);
            EpochPlanning.Planned planned = planning.next(3, 100, 100 + planning.steps(3) + planning.steps(4));
            List<List<Object>> places = places(SPARK.read().parquet(planned.path()));
            assertTrue(places.size() > CLIPS / 2);
            assertEquals(2, planned.epochs());
            assertEquals(planned.endStep() - 100, planning.steps(3, 5));
            assertEquals(0, planning.steps(5, 3));
            assertEquals(7 * planning.steps(0, DRAWS) + planning.steps(0), planning.steps(0, 7 * DRAWS + 1));
            assertEquals(expected(start, 3, 2, 100), places);
        }
    }

    @Test
    void thePlanDoesNotDependOnHowTheClipsCame() throws Exception {
        PlanInputs shuffled = start(
                "shuffled",
                ClipMix.table(SPARK, CLIPS)
                        .orderBy(col("clip_id").bitwiseXOR(lit(12345L)))
                        .repartition(3),
                Mix.MIXED,
                StepSampler.PLANNER);
        assertEquals(
                plain.manifest().contents().fingerprint(),
                shuffled.manifest().contents().fingerprint());
        assertEquals(
                places(SPARK.read()
                        .parquet(new EpochPlanning(SPARK, plain, HeldOut.NONE)
                                .next(0, 0, 1)
                                .path())),
                places(SPARK.read()
                        .parquet(new EpochPlanning(SPARK, shuffled, HeldOut.NONE)
                                .next(0, 0, 1)
                                .path())));
    }

    @Test
    void ranksReadTheStepsInOrder() throws Exception {
        EpochPlanning planning = new EpochPlanning(SPARK, plain, HeldOut.NONE);
        EpochPlanning.Planned planned = planning.next(0, 0, 1);
        try (PlanReader reader = new PlanReader(new Configuration(), planned.path(), 7)) {
            List<Long> seen = new ArrayList<>();
            for (long step = 7; step < planned.endStep(); step++) {
                PlannedStep read = reader.next();
                assertEquals(step, read.step());
                assertEquals(step == planned.endStep() - 1, read.endsEpoch());
                read.microBatches()
                        .forEach(batch ->
                                batch.forEach(clip -> seen.add(clip.clip().id())));
            }
            assertEquals(
                    expected(plain, 0, 1, 0).stream()
                            .filter(row -> (long) row.get(1) >= 7)
                            .map(row -> row.get(6))
                            .toList(),
                    seen);
            assertTrue(!reader.hasNext());
        }
    }

    @Test
    void stepsThatWereTakenKeepTheirPlanWhenTheRestIsPlannedAnew() throws Exception {
        PlanInputs start = start("plain", null, Mix.SIMILAR, StepSampler.PLANNER);
        EpochPlanning planning = new EpochPlanning(SPARK, start, HeldOut.NONE);
        EpochPlanning.Planned first = planning.next(0, 0, 1);
        List<List<Object>> before =
                places(SPARK.read().parquet(start.run().uri("plan/*")).where("step < 9"));
        planning.forgetFrom(9);
        planning.next(0, 9, 10);
        assertEquals(
                before, places(SPARK.read().parquet(start.run().uri("plan/*")).where("step < 9")));
        assertEquals(
                first.endStep() + 9,
                SPARK.read()
                        .parquet(start.run().uri("plan/*"))
                        .select("step")
                        .distinct()
                        .count());
        planning.forgetFrom(0);
        assertEquals(List.of(), start.run().list("plan"));
    }

    @Test
    void clipsThatAreHeldOutAreJudgedAndInNoStep() throws Exception {
        HeldOut tenth = new HeldOut(0.1);
        EvalData eval = new EvalData(null, null, tenth);
        Set<Long> judged = new HashSet<>();
        for (List<PlannedClip> batch : eval.microBatches(SPARK, plain)) {
            assertEquals(
                    1,
                    batch.stream().map(clip -> clip.place().bucket()).distinct().count());
            batch.forEach(clip -> assertTrue(judged.add(clip.clip().id())));
        }
        Dataset<Row> shards = SPARK.read().parquet(plain.data().uri("shards/run=r"));
        Set<Long> first = clipIds(shards.where("epoch = 0"));
        assertTrue(
                judged.size() > first.size() / 14 && judged.size() < first.size() / 7,
                judged.size() + " of " + first.size());
        assertTrue(first.containsAll(judged));
        assertEquals(judged, clipIds(SPARK.read().parquet(plain.run().uri(EvalData.TABLE))));
        for (Mix mix : Mix.values()) {
            PlanInputs start = start("plain", null, mix, StepSampler.PLANNER);
            EpochPlanning planning = new EpochPlanning(SPARK, start, tenth);
            Set<Long> trained =
                    clipIds(SPARK.read().parquet(planning.next(0, 0, 1).path()));
            Set<Long> both = new HashSet<>(trained);
            both.addAll(judged);
            assertEquals(first, both, "a clip is neither trained on nor judged");
            assertEquals(first.size(), trained.size() + judged.size(), "a clip is trained on and judged");
            // A clip that the second draw alone has is no more trained on than the others of its kind.
            Set<Long> second =
                    clipIds(SPARK.read().parquet(planning.next(1, 0, 1).path()));
            assertEquals(clipIds(shards.where("epoch = 1").where(tenth.isTrainedOn())), second);
            assertTrue(second.stream().noneMatch(judged::contains));
            start.run().delete("plan"); // it is not the other tests'
        }
    }

    private static Set<Long> clipIds(Dataset<Row> table) {
        Set<Long> ids = new HashSet<>();
        table.select("clip_id").collectAsList().forEach(row -> assertTrue(ids.add(row.getLong(0)), "twice in a table"));
        return ids;
    }

    @Test
    void clipsForJudgingMustBeOthers() throws Exception {
        EvalData same = new EvalData(plain.data(), plain.manifest(), HeldOut.NONE);
        String message = assertThrows(UserError.class, () -> same.microBatches(SPARK, plain))
                .getMessage();
        assertTrue(message.contains("is trained on as well"), message);
        EvalData none = new EvalData(null, null, new HeldOut(1e-9));
        assertTrue(assertThrows(UserError.class, () -> none.microBatches(SPARK, plain))
                .getMessage()
                .contains("holds out none"));
    }

    @Test
    void theSamplerOfOpenSoraDropsWhatIsIncomplete() throws Exception {
        PlanInputs start = start("plain", null, Mix.MIXED, StepSampler.OPEN_SORA);
        EpochPlanning planning = new EpochPlanning(SPARK, start, HeldOut.NONE);
        long steps = planning.steps(1);
        List<List<Object>> places =
                places(SPARK.read().parquet(planning.next(1, 0, steps).path()));
        assertEquals(
                places.size(),
                places.stream().map(place -> place.get(6)).distinct().count());
        assertEquals(
                steps, places.stream().map(place -> place.get(1)).distinct().count());
        Map<List<Object>, Integer> sizes = new HashMap<>();
        places.forEach(place -> sizes.merge(List.of(place.get(1), place.get(2), place.get(4)), 1, Integer::sum));
        assertEquals(steps * 8, sizes.size());
        sizes.forEach((batch, size) -> {
            String id = (String) batch.get(2);
            assertEquals(start.rules().batchSizes().get(id.substring(0, id.lastIndexOf('-'))), size);
        });
        assertNotEquals(
                places, places(SPARK.read().parquet(planning.next(3, 0, steps).path())));
    }
}
