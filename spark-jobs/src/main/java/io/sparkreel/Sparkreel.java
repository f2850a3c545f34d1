// SPDX-License-Identifier: Apache-2.0
package io.sparkreel;

import static org.apache.spark.sql.functions.lit;

import io.sparkreel.jobs.assign.Assignment;
import io.sparkreel.jobs.bucketing.BucketingRun;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.curate.CurateRun;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.CurateManifest;
import io.sparkreel.jobs.encode.EncodeRun;
import io.sparkreel.jobs.features.FeatureCache;
import io.sparkreel.jobs.inference.InferenceRun;
import io.sparkreel.jobs.inventory.MediaInput;
import io.sparkreel.jobs.preflight.Preflight;
import io.sparkreel.jobs.spark.SparkSessions;
import io.sparkreel.jobs.spark.StopSignal;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.jobs.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The jobs as a library, for applications that have a Spark session. What {@code submit/bucketing}, {@code
 * submit/train}, {@code submit/encode} and {@code submit/inference} do is done by the methods here, with Datasets where
 * the commands take files.
 *
 * <p>Configurations are records: of keys and values or of a file, by {@link #settings}. A mistake that the caller can put
 * right is a {@link io.sparkreel.jobs.error.UserError}, or an {@code InvalidInputException} of the module that found it,
 * whose message says what was found and what to do.
 */
public final class Sparkreel {
    private final SparkSession application;
    private final SparkSession spark;
    private final Configuration hadoop;

    private Sparkreel(SparkSession application, SparkSession spark) {
        this.application = application;
        this.spark = spark;
        hadoop = spark.sparkContext().hadoopConfiguration();
    }

    /**
     * The jobs on a session of the application's. Its settings of SQL stay as they are.
     *
     * @throws io.sparkreel.jobs.error.UserError if no job can run on it; the message names the setting
     */
    public static Sparkreel on(SparkSession session) {
        Preflight.checkSession(session.sparkContext());
        return new Sparkreel(session, SparkSessions.beside(session));
    }

    /**
     * A configuration from keys and values.
     *
     * @param type such as {@link TrainingConfig}
     * @param values by key, nested keys with dots, such as {@code "model.depth"}; texts, numbers, booleans, null, lists
     *     and maps
     * @throws io.sparkreel.jobs.error.UserError if a key is unknown, or a value cannot be
     */
    public static <C extends Record> C settings(Class<C> type, Map<String, ?> values) {
        return ConfigLoader.of(type, values).config();
    }

    /**
     * A configuration from a YAML file.
     *
     * @param changes keys and values that win over those of the file
     * @throws io.sparkreel.jobs.error.UserError if the file or a value is refused
     */
    public static <C extends Record> C settings(Class<C> type, Path file, Map<String, ?> changes) {
        return ConfigLoader.load(type, file, ConfigLoader.overrides(changes)).config();
    }

    /**
     * Assigns clips to buckets by their metadata alone, without opening them, and without writing anything.
     *
     * @param clips with columns {@code clip_id} (long), {@code num_frames}, {@code height} and {@code width} (int), and
     *     {@code epoch} (int) where it is not 0; others pass through
     * @return the clips that a bucket took, with {@code resolution}, {@code bucket_frames}, {@code aspect}, {@code
     *     height_px} and {@code width_px}
     */
    public Dataset<Row> assign(Dataset<Row> clips, BucketingConfig config) {
        boolean draws = Arrays.asList(clips.columns()).contains("epoch");
        return Assignment.of(config.buckets(), config.draw(), config.seed())
                .assign(draws ? clips : clips.withColumn("epoch", lit(0)));
    }

    /**
     * Probes and buckets what {@code input} names, and publishes the tables in {@code output}.
     *
     * @throws IOException if a file system fails
     */
    public BucketingResult bucket(BucketingConfig config) throws IOException {
        try (FolderLease lease = FolderLease.take(hadoop, config.output(), "output", "bucketing")) {
            return bucket(config, BucketingRun.prepare(config, hadoop), lease);
        }
    }

    /**
     * Probes and buckets the media that a Dataset names, and publishes the tables in {@code output}.
     *
     * @param media with a column {@code path}, and any of {@code text} or {@code caption}, {@code id}, {@code
     *     num_frames}, {@code height}, {@code width} and {@code fps}; for a part of a file {@code start_frame} and {@code
     *     end_frame}, or {@code start_s} and {@code end_s}, and {@code crop_x}, {@code crop_y}, {@code crop_w} and {@code
     *     crop_h}
     * @param config names as {@code input} the folder that relative paths begin in
     * @throws IOException if a file system fails
     */
    public BucketingResult bucket(Dataset<Row> media, BucketingConfig config) throws IOException {
        try (FolderLease lease = FolderLease.take(hadoop, config.output(), "output", "bucketing")) {
            return bucket(config, BucketingRun.prepare(config, media, hadoop), lease);
        }
    }

    private BucketingResult bucket(BucketingConfig config, MediaInput input, FolderLease lease) throws IOException {
        BucketingRun.execute(config, input, spark, lease);
        HadoopStorage output = new HadoopStorage(hadoop, config.output());
        BucketingManifest manifest = BucketingManifest.read(output);
        return new BucketingResult(
                output.uri(""),
                table(output, manifest.folder(BucketingManifest.CLIPS)),
                table(output, manifest.folder(BucketingManifest.QUARANTINE)),
                table(output, manifest.folder(BucketingManifest.SHARDS)));
    }

    private Dataset<Row> table(HadoopStorage folder, String name) {
        return Tables.reader(application).parquet(folder.uri(name));
    }

    /**
     * Cuts the videos that {@code input} names into clips and judges them, and publishes the tables in {@code output}.
     * A later {@link #bucket(BucketingConfig)} takes that folder as its input.
     *
     * @throws IOException if a file system fails
     */
    public CurationResult curate(CurateConfig config) throws IOException {
        try (FolderLease lease = FolderLease.take(hadoop, config.output(), "output", "curate")) {
            return curate(config, CurateRun.prepare(config, hadoop), lease);
        }
    }

    /**
     * Cuts the videos that a Dataset names.
     *
     * @param videos with a column {@code path}, and perhaps {@code text}
     * @param config names as {@code input} the folder that relative paths begin in
     * @throws IOException if a file system fails
     */
    public CurationResult curate(Dataset<Row> videos, CurateConfig config) throws IOException {
        try (FolderLease lease = FolderLease.take(hadoop, config.output(), "output", "curate")) {
            return curate(config, CurateRun.prepare(config, videos, hadoop), lease);
        }
    }

    private CurationResult curate(CurateConfig config, Optional<MediaInput> input, FolderLease lease)
            throws IOException {
        CurateManifest manifest = CurateRun.execute(config, input, spark, lease);
        HadoopStorage output = new HadoopStorage(hadoop, config.output());
        return new CurationResult(
                output.uri(""),
                table(output, manifest.folder(CurateManifest.CLIPS)),
                table(output, manifest.folder(CurateManifest.SHOTS)),
                table(output, manifest.folder(CurateManifest.VIDEOS)),
                table(output, manifest.folder(CurateManifest.QUARANTINE)));
    }

    /**
     * Encodes the clips and captions of a data set once, for training runs to read.
     *
     * @param config names the data as {@code dataset.data_path} and the folder to write to as {@code dataset.features}
     * @return the index of the features: one row for each window of a clip
     * @throws IOException if a file system fails
     */
    public Dataset<Row> encode(TrainingConfig config) throws IOException {
        String features = config.dataset().features();
        try (FolderLease lease = FolderLease.take(hadoop, features, "dataset.features", "encode")) {
            EncodeRun.prepare(LoadedConfig.of(config), hadoop)
                    .execute(spark, SparkSessions.threadsPerTask(spark), lease);
            return FeatureCache.index(application, new HadoopStorage(hadoop, features))
                    .orElseGet(application::emptyDataFrame);
        }
    }

    /** As {@link #train(TrainingConfig, StopSignal)}, until the last step. */
    public TrainingResult train(TrainingConfig config) throws IOException {
        return train(config, new StopSignal());
    }

    /**
     * Trains on a bucketing folder, with one rank in each executor, and leaves log and checkpoints in {@code outputs}.
     *
     * @param stop by its {@link StopSignal#request}, from another thread, the run saves a checkpoint and ends
     * @throws io.sparkreel.jobs.error.Stopped if it did; the message says how to resume
     * @throws IOException if a file system fails
     */
    public TrainingResult train(TrainingConfig config, StopSignal stop) throws IOException {
        String outputs = config.run().outputs();
        try (FolderLease lease = FolderLease.take(hadoop, outputs, "outputs", "training")) {
            TrainingRun run = TrainingRun.prepare(LoadedConfig.of(config), hadoop);
            Preflight.checkSettings(spark.sparkContext().getConf());
            TrainingRun.Progress progress = run.execute(spark, stop, lease);
            return new TrainingResult(
                    progress.steps(), progress.checkpoint(), new HadoopStorage(hadoop, outputs).uri("log.jsonl"));
        }
    }

    /**
     * Samples a clip for each prompt that the configuration names.
     *
     * @return the results of {@code save_dir}, those of earlier runs into it included: one row for each sample
     * @throws IOException if a file system fails
     */
    public Dataset<Row> generate(InferenceConfig config) throws IOException {
        try (FolderLease lease = FolderLease.take(hadoop, config.output().saveDir(), "save_dir", "inference")) {
            return generate(config, InferenceRun.prepare(config, hadoop), lease);
        }
    }

    /**
     * Samples a clip for each row of a Dataset.
     *
     * @param prompts rows of a prompt table: the text in column "prompt", and any of its other columns
     * @return the results of {@code save_dir}, those of earlier runs into it included: one row for each sample, whose
     *     {@code prompt_id} is the place of the prompt in the Dataset, from 0
     * @throws IOException if a file system fails
     */
    public Dataset<Row> generate(Dataset<Row> prompts, InferenceConfig config) throws IOException {
        try (FolderLease lease = FolderLease.take(hadoop, config.output().saveDir(), "save_dir", "inference")) {
            return generate(config, InferenceRun.prepare(config, hadoop, prompts), lease);
        }
    }

    private Dataset<Row> generate(InferenceConfig config, InferenceRun run, FolderLease lease) throws IOException {
        run.execute(spark, SparkSessions.threadsPerExecutor(spark), lease);
        return table(new HadoopStorage(hadoop, config.output().saveDir()), InferenceRun.RESULTS);
    }
}
