// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bucketing;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.bucketing.bucket.BucketConfig.Entry;
import io.sparkreel.bucketing.bucket.BucketConfig.Level;
import io.sparkreel.jobs.assign.Assignment;
import io.sparkreel.jobs.assign.BucketStatistics;
import io.sparkreel.jobs.assign.BucketStatistics.Counts;
import io.sparkreel.jobs.assign.BucketStatistics.Elsewhere;
import io.sparkreel.jobs.assign.ShardWriter;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.bucketing.DrawKind;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.BucketingManifest.BucketRows;
import io.sparkreel.jobs.dataset.BucketingManifest.Contents;
import io.sparkreel.jobs.dataset.BucketingManifest.Origin;
import io.sparkreel.jobs.dataset.BucketingManifest.Pictures;
import io.sparkreel.jobs.dataset.BucketingManifest.Rule;
import io.sparkreel.jobs.dataset.BucketingManifest.ShardFile;
import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.dataset.CurateManifest;
import io.sparkreel.jobs.dataset.OutputRuns;
import io.sparkreel.jobs.dataset.ShardFiles;
import io.sparkreel.jobs.error.Reasons;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inventory.MediaInput;
import io.sparkreel.jobs.inventory.Probing;
import io.sparkreel.jobs.inventory.Probing.Probed;
import io.sparkreel.jobs.inventory.Refusals;
import io.sparkreel.jobs.report.ReportBuilder;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.model.ForeignText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/**
 * Probes media, puts aside what cannot be read, assigns every clip to a three-level bucket and writes the tables
 * {@code clips}, {@code quarantine} and {@code shards} with a report and a manifest.
 */
public final class BucketingRun {
    private static final Logger LOG = LogManager.getLogger(BucketingRun.class);
    private static final String REPORT = "report.html";
    private static final List<String> TABLES =
            List.of(BucketingManifest.CLIPS, BucketingManifest.QUARANTINE, BucketingManifest.SHARDS);

    private final BucketingConfig config;
    private final BucketConfig rule;
    private final Assignment assignment;
    private final MediaInput input;
    private final SparkSession spark;
    private final HadoopStorage output;
    private final FolderLease lease;
    private final String run =
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString().replaceAll("[-:]", "") + "-"
                    + UUID.randomUUID().toString().substring(0, 8);

    private BucketingRun(
            BucketingConfig config, MediaInput input, SparkSession spark, HadoopStorage output, FolderLease lease) {
        this.config = config;
        this.input = input;
        this.spark = spark;
        this.output = output;
        this.lease = lease;
        rule = config.buckets();
        assignment = Assignment.of(rule, config.draw(), config.seed());
    }

    /**
     * Checks all that can be checked without Spark.
     *
     * @return the media that are to be read
     * @throws UserError if the run cannot work
     */
    public static MediaInput prepare(BucketingConfig config, Configuration hadoop) throws IOException {
        requireFlag(config.input(), "--input PATH");
        requireFlag(config.output(), "--output DIR");
        MediaInput input = MediaInput.resolve(hadoop, config.input());
        check(config, input, hadoop);
        return input;
    }

    /**
     * Checks a run over a table that the caller has.
     *
     * @param config names as {@code input} the folder that relative paths begin in
     * @throws UserError if the run cannot work
     */
    public static MediaInput prepare(BucketingConfig config, Dataset<Row> media, Configuration hadoop)
            throws IOException {
        requireFlag(config.input(), "--input PATH");
        requireFlag(config.output(), "--output DIR");
        MediaInput input = new MediaInput.Rows(new HadoopStorage(hadoop, config.input()).uri(""), media);
        check(config, input, hadoop);
        return input;
    }

    private static void check(BucketingConfig config, MediaInput input, Configuration hadoop) throws IOException {
        if (config.draw() == DrawKind.NUMPY && input instanceof MediaInput.Folders) {
            throw new UserError("Cannot draw as NumPy does over " + config.input() + ": these draws depend on the order"
                    + " of clips, and a folder has none. Give a metadata table, or draw: keyed.");
        }
        HadoopStorage output = new HadoopStorage(hadoop, config.output());
        if (CurateManifest.find(output).isPresent()) {
            throw new UserError("Cannot write to " + output + ": it holds curated footage. Give another --output.");
        }
        if (output.exists(BucketingManifest.NAME) && !config.overwrite()) {
            throw new UserError("Cannot write to " + output + ": it holds an earlier run. "
                    + "Give --overwrite to replace it, or another --output.");
        }
    }

    /**
     * Buckets the media and publishes the tables.
     *
     * @param lease of the output folder
     */
    public static void execute(BucketingConfig config, MediaInput input, SparkSession spark, FolderLease lease)
            throws IOException {
        HadoopStorage output = new HadoopStorage(spark.sparkContext().hadoopConfiguration(), config.output());
        new BucketingRun(config, input, spark, output, lease).run();
    }

    private static void requireFlag(String value, String flag) {
        if (value == null) {
            throw new UserError("Cannot start the bucketing job: no " + flag + ". Give it.");
        }
    }

    private void run() throws IOException {
        lease.requireHeld();
        Optional<BucketingManifest> before = BucketingManifest.find(output);
        Probing probing = new Probing(spark, config, output, run);
        Probed probed = probing.probe(input, before);
        long quarantined = probed.quarantine().count();
        OutputRuns runs = OutputRuns.begin(
                output, TABLES, run, before.map(manifest -> manifest.origin().run()));
        write(probed.quarantine().coalesce(Probed.files(quarantined)), BucketingManifest.QUARANTINE);
        checkBadClips(probed.found(), quarantined);
        long clips = probed.found() - quarantined;
        write(probed.clips().coalesce(Probed.files(clips)), BucketingManifest.CLIPS);
        Dataset<Row> table = Tables.reader(spark).schema(ClipTables.CLIPS).parquet(path(BucketingManifest.CLIPS));
        // The rule is evaluated twice, here and when shards are written: the counts decide how shards are cut.
        Counts counts = BucketStatistics.count(ShardWriter.withEpochs(table, config.epochs()), assignment);
        checkKept(table, clips, counts);
        ShardWriter.writer(ShardWriter.shards(table, assignment, config.epochs(), config.seed(), counts.kept()))
                .parquet(path(BucketingManifest.SHARDS));
        publish(
                runs,
                probing.way(),
                clips,
                quarantined,
                counts,
                new Remarks(probed.leftOut(), tellOfCaptions(table, clips)));
    }

    private void checkBadClips(long found, long quarantined) {
        if (quarantined > 0) {
            LOG.info(
                    "{} of {} files cannot be used and go to {}",
                    quarantined,
                    found,
                    path(BucketingManifest.QUARANTINE));
        }
        boolean tooMany = quarantined > config.maxBadClips() * found;
        if (tooMany || quarantined == found) {
            Reasons reasons = Refusals.of(Tables.reader(spark).parquet(path(BucketingManifest.QUARANTINE)));
            throw new UserError("Cannot bucket " + config.input() + ": " + quarantined + " of " + found
                    + " files cannot be used"
                    + (tooMany ? ", more than max_bad_clips " + config.maxBadClips() + " allows" : "") + ": " + reasons
                    + ". " + path(BucketingManifest.QUARANTINE) + " has all of them. " + Refusals.advice(reasons)
                    + (quarantined < found ? ", or raise max_bad_clips." : "."));
        }
    }

    private void checkKept(Dataset<Row> table, long clips, Counts counts) throws IOException {
        if (counts.kept() == 0) {
            output.delete(
                    BucketingManifest.CLIPS + "/run=" + run); // the quarantine stays: it tells why clips are missing
            throw new UserError("Cannot bucket " + config.input() + ": none of " + clips + " clips is in a bucket"
                    + (config.epochs() > 1 ? " in any of " + config.epochs() + " draws" : "") + ": "
                    + counts.reasons() + ". Add smaller resolutions or frame counts to bucket_config.");
        }
        List<Entry> empty = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Level level : rule.levels()) {
            for (Entry entry : level.entries()) {
                if (entry.keepProbability() > 0 && counts.of(level, entry) == 0) {
                    empty.add(entry);
                    names.add(Bucket.tag(level.resolution().name(), entry.frames()));
                }
            }
        }
        List<Map<Elsewhere, Long>> reasons = BucketStatistics.elsewhere(table, rule, empty);
        for (int i = 0; i < empty.size(); i++) {
            LOG.warn(
                    "Bucket {} gets no clip. Of {} clips: {}",
                    names.get(i),
                    clips,
                    reasons.get(i).entrySet().stream()
                            .filter(reason -> reason.getValue() > 0)
                            .map(reason ->
                                    reason.getValue() + " " + reason.getKey().words())
                            .collect(Collectors.joining(", ")));
        }
    }

    private void write(Dataset<Row> rows, String table) {
        rows.write().option("compression", "zstd").mode(SaveMode.Overwrite).parquet(path(table));
    }

    /** What the report says beside numbers. */
    private record Remarks(String leftOut, long withoutCaption) {}

    /** Counts clips without a caption, which teach nothing of the words. */
    private long tellOfCaptions(Dataset<Row> table, long clips) {
        long without =
                table.where(coalesce(col("caption"), lit("")).equalTo("")).count();
        if (without > 0 && without == clips) {
            LOG.warn("None of {} clips has a caption: give a column text, or NAME.txt beside each clip", clips);
        } else if (without > 0) {
            LOG.info("{} of {} clips have no caption", without, clips);
        }
        return without;
    }

    private void publish(OutputRuns runs, String way, long clips, long quarantined, Counts counts, Remarks remarks)
            throws IOException {
        List<ShardFile> files = ShardFiles.read(
                JavaSparkContext.fromSparkContext(spark.sparkContext()), path(BucketingManifest.SHARDS));
        long written = files.stream().mapToLong(ShardFile::rows).sum();
        if (written != counts.kept()) {
            throw new IllegalStateException(written + " rows in shards, " + counts.kept() + " clips in buckets");
        }
        List<BucketRows> buckets = counts.buckets().entrySet().stream()
                .map(bucket -> BucketRows.of(bucket.getKey(), bucket.getValue()))
                .toList();
        BucketingManifest manifest = new BucketingManifest(
                new Origin(
                        run,
                        Instant.now().toString(),
                        ForeignText.masked(config.input()),
                        way,
                        Pictures.of(config.pictures())),
                Rule.of(config, Assignment.SAMPLER_VERSION),
                new Contents(counts.fingerprint(), clips, quarantined, buckets, files));
        byte[] report = report(manifest, counts, remarks).getBytes(StandardCharsets.UTF_8);
        lease.requireHeld();
        requireTables(files);
        output.atomicPut(REPORT, report);
        Instant now = Instant.now();
        runs.markReplaced(now);
        lease.requireHeld();
        manifest.publish(output);
        lease.requireHeld();
        runs.removeOthers(config.replacedStays(), now);
        output.delete(Probing.WORK);
        LOG.info(
                "Wrote {} clips and {} rows of shards in {} buckets to {}",
                clips,
                counts.kept(),
                buckets.size(),
                output);
        buckets.forEach(bucket -> LOG.info(
                "  {} x {} frames, {} ({}x{}): {} rows",
                bucket.resolution(),
                bucket.frames(),
                bucket.aspect(),
                bucket.height(),
                bucket.width(),
                bucket.rows()));
    }

    private String report(BucketingManifest manifest, Counts counts, Remarks remarks) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("run", run);
        facts.put("made", manifest.origin().created());
        facts.put("seed", Long.toString(config.seed()));
        facts.put(
                "draw", manifest.rule().draw() + ", version " + manifest.rule().samplerVersion());
        facts.put("frame interval", Integer.toString(config.frameInterval()));
        facts.put("resolution slack", Double.toString(config.resolutionSlack()));
        facts.put("probed", manifest.origin().probed());
        facts.put(
                "clips without a caption",
                remarks.withoutCaption() + " of " + manifest.contents().clips());
        facts.put("left out", remarks.leftOut().isEmpty() ? "nothing" : remarks.leftOut());
        facts.put("fingerprint", manifest.contents().fingerprint());
        return new ReportBuilder(spark, rule, config.epochs())
                .build(
                        ForeignText.masked(config.input()),
                        facts,
                        Tables.reader(spark).schema(ClipTables.CLIPS).parquet(path(BucketingManifest.CLIPS)),
                        Tables.reader(spark).parquet(path(BucketingManifest.QUARANTINE)),
                        Tables.reader(spark).parquet(path(BucketingManifest.SHARDS)),
                        counts,
                        config.pictures(),
                        output.uri(""))
                .html();
    }

    /** What is published must be there: someone may have cleaned the folder meanwhile. */
    private void requireTables(List<ShardFile> shards) throws IOException {
        List<String> missing = new ArrayList<>();
        for (String table : List.of(BucketingManifest.CLIPS, BucketingManifest.QUARANTINE)) {
            if (output.list(table + "/run=" + run).stream().noneMatch(file -> file.endsWith(".parquet"))) {
                missing.add(path(table));
            }
        }
        for (ShardFile shard : shards) {
            if (output.status(BucketingManifest.SHARDS + "/run=" + run + "/" + shard.path())
                    .filter(file -> file.getLen() == shard.bytes())
                    .isEmpty()) {
                missing.add(path(BucketingManifest.SHARDS) + "/" + shard.path());
            }
        }
        if (!missing.isEmpty()) {
            throw new UserError("Cannot publish what was written to " + output + ": " + missing.get(0)
                    + (missing.size() > 1 ? " and " + (missing.size() - 1) + " others are" : " is")
                    + " gone or changed, by no doing of this job. What was published before is as it was. Find out what"
                    + " cleans the folder, then start the job again.");
        }
    }

    private String path(String table) {
        return output.uri(table + "/run=" + run);
    }
}
