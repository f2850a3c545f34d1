// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import static org.apache.spark.sql.functions.lit;

import com.sun.management.OperatingSystemMXBean;
import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.BucketAssigner;
import io.sparkreel.bucketing.bucket.KeepDraw;
import io.sparkreel.bucketing.plan.BatchSizes;
import io.sparkreel.bucketing.plan.CostModel;
import io.sparkreel.bucketing.plan.EpochPlan;
import io.sparkreel.bucketing.plan.OpenSoraSampler;
import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.bucketing.plan.StepPlanner.BucketLoad;
import io.sparkreel.bucketing.plan.StepPlanner.Mix;
import io.sparkreel.jobs.assign.Assignment;
import io.sparkreel.jobs.assign.BucketStatistics;
import io.sparkreel.jobs.assign.ShardWriter;
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
import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.plan.EpochPlanning;
import io.sparkreel.jobs.plan.FamilyCost;
import io.sparkreel.jobs.plan.HeldOut;
import io.sparkreel.jobs.plan.PlanInputs;
import io.sparkreel.jobs.plan.PlanSettings;
import io.sparkreel.jobs.spark.SparkSessions;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.model.bench.Report;
import io.sparkreel.model.command.CommandWords;
import io.sparkreel.model.command.Range;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Option;

/**
 * Measures plans: how busy ranks are kept by the sampler of Open-Sora 1.1 and by the planner, on bucketing
 * configurations and simulated clips, and how long planning many clips takes.
 */
public final class PlannerBenchmark {
    private static final int[] RANKS = {8, 64, 96};
    private static final int MICRO_BATCHES_PER_RANK = 4;
    private static final double MEMORY_BYTES = 80.0 * (1L << 30);
    private static final int SIMULATED = 600_000;
    private static final long SAMPLED = 200_000;
    private static final long SEED = 42;

    private PlannerBenchmark() {}

    /** @param words see {@code submit/bench --help} */
    public static void main(String[] words) {
        System.exit(Outcome.of(() -> run(CommandWords.read(new Options(), "measure planning", words)), System.err));
    }

    private static final class Options {
        @Option(names = "--clips", defaultValue = "10000000", paramLabel = "N", description = "clips of an epoch")
        @Range(least = 0)
        private long clips;

        @Option(names = "--keep", description = "keep the shards for the next time")
        private boolean keep;

        @Option(names = "--work", required = true, paramLabel = "DIR", description = "folder for its shards")
        private String work;

        @Option(names = "--published", required = true, paramLabel = "DIR", description = "the published stages")
        private Path published;
    }

    private static void run(Options options) throws IOException {
        BucketingConfig first = null;
        for (String stage : List.of("stage1", "stage2", "stage3")) {
            BucketingConfig config = ConfigLoader.load(
                            BucketingConfig.class, options.published.resolve(stage + ".yaml"), List.of())
                    .config();
            System.out.println(efficiency(stage, config, SIMULATED));
            first = first == null ? config : first;
        }
        if (options.clips > 0) {
            try (SparkSession spark = SparkSessions.start("sparkreel benchmark of planning")) {
                System.out.println(speed(spark, first, options.clips, options.work, options.keep));
            }
        }
    }

    /** Mean over greatest cost of the ranks, by sampler and number of ranks. */
    static Report efficiency(String name, BucketingConfig config, int clips) {
        BucketAssigner assigner = new BucketAssigner(config.buckets());
        List<Optional<Bucket>> assigned = new ArrayList<>();
        Map<Bucket, Long> counts = new LinkedHashMap<>();
        for (int i = 0; i < clips; i++) {
            ClipMix.Shape clip = ClipMix.shape(i);
            long id = ClipMix.clipId(i);
            Optional<Bucket> bucket = assigner.assign(
                    clip.frames(),
                    clip.height(),
                    clip.width(),
                    candidate -> KeepDraw.draw(SEED, 0, id, candidate.tag()));
            assigned.add(bucket);
            bucket.ifPresent(found -> counts.merge(found, 1L, Long::sum));
        }
        CostModel costs = new CostModel(FamilyCost.published(), Map.of());
        Map<String, Double> clipCosts = costs.clipCosts(counts.keySet());
        OpenSoraSampler reference = new OpenSoraSampler(config.buckets(), assigned, SEED, true, true);
        Map<String, Integer> published = new TreeMap<>();
        config.buckets()
                .levels()
                .forEach(level -> level.entries()
                        .forEach(entry -> published.put(
                                Bucket.tag(level.resolution().name(), entry.frames()), entry.batchSize())));
        Map<String, Integer> balanced = BatchSizes.balanced(counts.keySet(), costs, MEMORY_BYTES, null);
        Report line = new Report("planner efficiency")
                .put("config", name)
                .put("clips", clips)
                .put(
                        "clips_in_buckets",
                        counts.values().stream().mapToLong(n -> n).sum())
                .put("micro_batches_per_rank", MICRO_BATCHES_PER_RANK);
        line.put("auto_batch_sizes", balanced);
        for (int ranks : RANKS) {
            Map<String, Object> at = new LinkedHashMap<>();
            line.put("ranks_" + ranks, at);
            at.put("open_sora", reference(reference, clipCosts, ranks));
            at.put(
                    "planner_published_sizes",
                    planned(
                                    counts,
                                    published,
                                    clipCosts,
                                    new StepPlanner(SEED, MICRO_BATCHES_PER_RANK * ranks, Mix.MIXED))
                            .efficiency(ranks));
            EpochPlan ours = planned(
                    counts, balanced, clipCosts, new StepPlanner(SEED, MICRO_BATCHES_PER_RANK * ranks, Mix.MIXED));
            at.put("planner_auto_sizes", ours.efficiency(ranks));
            at.put("steps", ours.steps());
            at.put(
                    "planner_similar_one_each",
                    planned(counts, balanced, clipCosts, new StepPlanner(SEED, ranks, Mix.SIMILAR))
                            .efficiency(ranks));
        }
        return line;
    }

    private static EpochPlan planned(
            Map<Bucket, Long> counts, Map<String, Integer> sizes, Map<String, Double> costs, StepPlanner planner) {
        return planner.plan(
                0,
                counts.entrySet().stream()
                        .map(bucket -> new BucketLoad(
                                bucket.getKey().id(),
                                bucket.getValue(),
                                sizes.get(Bucket.tag(
                                        bucket.getKey().resolution(),
                                        bucket.getKey().frames())),
                                costs.get(bucket.getKey().id())))
                        .toList());
    }

    private static double reference(OpenSoraSampler sampler, Map<String, Double> costs, int ranks) {
        List<OpenSoraSampler.Batch> batches = sampler.epoch(0, ranks);
        double mean = 0;
        double greatest = 0;
        for (int step = 0; step < batches.size() / ranks; step++) {
            double most = 0;
            for (OpenSoraSampler.Batch batch : batches.subList(step * ranks, (step + 1) * ranks)) {
                double cost = batch.rows().size() * costs.get(batch.bucket().id());
                mean += cost / ranks;
                most = Math.max(most, cost);
            }
            greatest += most;
        }
        return mean / greatest;
    }

    /** Seconds from shards to the plan table of one epoch. */
    private static Report speed(SparkSession spark, BucketingConfig config, long clips, String work, boolean keep)
            throws IOException {
        HadoopStorage data = new HadoopStorage(spark.sparkContext().hadoopConfiguration(), work);
        BucketingManifest manifest = shards(spark, config, clips, data);
        List<Bucket> buckets =
                manifest.contents().buckets().stream().map(BucketRows::bucket).toList();
        CostModel costs = new CostModel(FamilyCost.published(), Map.of());
        PlanSettings rules = new PlanSettings(
                buckets,
                BatchSizes.balanced(buckets, costs, MEMORY_BYTES, null),
                costs.clipCosts(buckets),
                costs,
                new StepPlanner(SEED, 384, Mix.MIXED),
                StepSampler.PLANNER);
        PlanInputs inputs = new PlanInputs(
                data,
                manifest,
                new HadoopStorage(spark.sparkContext().hadoopConfiguration(), work + "/run"),
                rules,
                null,
                null);
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long processor = system.getProcessCpuTime();
        long begin = System.nanoTime();
        EpochPlanning planning = new EpochPlanning(spark, inputs, HeldOut.NONE);
        long steps = planning.steps(0);
        EpochPlanning.Planned planned = planning.next(0, 0, steps);
        double seconds = (System.nanoTime() - begin) / 1e9;
        double processorSeconds = (system.getProcessCpuTime() - processor) / 1e9;
        long rows = Tables.reader(spark).parquet(planned.path()).count();
        data.delete(keep ? "run" : "");
        return new Report("planner speed")
                .put("clips", rows)
                .put("steps", steps)
                .put("seconds", seconds)
                .put("clips_per_s", rows / seconds)
                .put("processor_s", processorSeconds)
                .put("cores", spark.sparkContext().defaultParallelism())
                .put("driver_heap_mib", Runtime.getRuntime().maxMemory() >> 20);
    }

    /** Shards of about so many clips. */
    private static BucketingManifest shards(SparkSession spark, BucketingConfig config, long clips, HadoopStorage data)
            throws IOException {
        String name = "clips-" + clips;
        Optional<BucketingManifest> kept = BucketingManifest.find(data);
        if (kept.isPresent() && kept.get().origin().run().equals(name)) {
            return kept.get();
        }
        Assignment assignment = Assignment.of(config.buckets(), DrawKind.KEYED, config.seed());
        long sampled = Math.min(clips, SAMPLED);
        double share = (double) assignment
                        .assign(ClipMix.table(spark, sampled).withColumn("epoch", lit(0)))
                        .count()
                / sampled;
        ClipMix.table(spark, (long) (clips / share))
                .write()
                .mode(SaveMode.Overwrite)
                .parquet(data.uri("clips"));
        Dataset<Row> table = Tables.reader(spark).parquet(data.uri("clips"));
        BucketStatistics.Counts counts = BucketStatistics.count(ShardWriter.withEpochs(table, 1), assignment);
        ShardWriter.writer(ShardWriter.shards(table, assignment, 1, config.seed(), counts.kept()))
                .parquet(data.uri("shards/run=" + name));
        data.delete("clips");
        List<BucketRows> buckets = counts.buckets().entrySet().stream()
                .map(bucket -> BucketRows.of(bucket.getKey(), bucket.getValue()))
                .toList();
        BucketingManifest manifest = new BucketingManifest(
                new Origin(name, "", "", "", null),
                Rule.of(config, Assignment.SAMPLER_VERSION),
                new Contents(
                        counts.fingerprint(),
                        counts.kept(),
                        0,
                        buckets,
                        ShardFiles.read(
                                JavaSparkContext.fromSparkContext(spark.sparkContext()),
                                data.uri("shards/run=" + name))));
        manifest.publish(data);
        return manifest;
    }
}
