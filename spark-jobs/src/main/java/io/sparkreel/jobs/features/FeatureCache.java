// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.features;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.sparkreel.jobs.config.T5Config;
import io.sparkreel.jobs.config.TextEncoderConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.jobs.weights.WeightsIdentity;
import io.sparkreel.model.autoencoder.CodecConfig;
import io.sparkreel.model.settings.Choice;
import io.sparkreel.model.settings.Variant;
import io.sparkreel.model.torch.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A folder of encoded clips: {@code manifest.json}, which says by what they were encoded; {@code shards/}, safetensors
 * files; and {@code index/}, a table that says where in them each clip is. A shard counts once the index has it.
 *
 * <p>Stored are windows of clips: of each video the windows 0 to {@code windows} - 1, of which epoch e shows window e mod
 * {@code windows}; of each image one.
 *
 * @param encoders what the features depend on, beside the clips
 * @param windows of each video
 * @param dtype of the numbers
 */
public record FeatureCache(
        @JsonProperty("encoders") String encoders,
        @JsonProperty("windows") int windows,
        @JsonProperty("dtype") Precision dtype)
        implements Serializable {
    static final String INDEX = "index";
    static final String SHARDS = "shards";
    public static final String QUARANTINE = "quarantine";
    /** What names an entry; {@code content} changes when the file or its caption does. */
    public static final List<String> KEY =
            List.of("clip_id", "height_px", "width_px", "bucket_frames", "window", "content");

    private static final List<String> SHAPE = List.of("clip_id", "height_px", "width_px", "bucket_frames");
    private static final long serialVersionUID = 1L;
    private static final String MANIFEST = "manifest.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * What a configuration would store.
     *
     * @param data of the data set that is encoded
     */
    public static FeatureCache of(
            TrainingConfig config, BucketingManifest data, WeightsCache weights, Configuration hadoop)
            throws IOException {
        int windows = config.dataset().temporalWindows() == null
                ? 1
                : config.dataset().temporalWindows();
        String encoders = "vae: " + codec(config.vae(), weights, hadoop) + "; text_encoder: "
                + text(config.textEncoder(), weights, hadoop) + "; transform_name: "
                + Choice.word(config.dataset().transformName()) + "; frame_interval: "
                + config.dataset().frameInterval()
                + "; seed: " + config.run().seed() + pictures(data);
        return new FeatureCache(encoders, windows, config.dataset().featuresDtype());
    }

    /** Nothing of data sets from before there was a choice, whose features name none. */
    private static String pictures(BucketingManifest data) {
        return data.origin().pictures() == null
                ? ""
                : "; sample_aspect: " + data.origin().pictures().sampleAspect() + "; orientation: "
                        + data.origin().pictures().orientation() + "; background: "
                        + data.origin().pictures().background();
    }

    private static String codec(CodecConfig config, WeightsCache weights, Configuration hadoop) throws IOException {
        return config.fromPretrained() == null
                ? config.toString()
                : config.getClass().getAnnotation(Variant.class).value() + " "
                        + WeightsIdentity.of(config.fromPretrained(), config.localFilesOnly(), weights, hadoop);
    }

    private static String text(TextEncoderConfig config, WeightsCache weights, Configuration hadoop)
            throws IOException {
        if (config instanceof T5Config t5) {
            return "t5 of " + t5.modelMaxLength() + " tokens" + (t5.shardformer() ? " in bf16 " : " ")
                    + WeightsIdentity.of(t5.fromPretrained(), t5.localFilesOnly(), weights, hadoop);
        }
        return config.toString();
    }

    /** The manifest of a folder, if it has one. */
    public static Optional<FeatureCache> find(HadoopStorage folder) throws IOException {
        if (folder.status(MANIFEST).isEmpty()) {
            return Optional.empty();
        }
        try (InputStream in = folder.open(MANIFEST)) {
            return Optional.of(JSON.readValue(in, FeatureCache.class));
        } catch (JsonProcessingException e) {
            throw new UserError(
                    "Cannot read " + folder + "/" + MANIFEST + ": " + e.getOriginalMessage()
                            + ". Give another --features, or delete that folder.",
                    e);
        }
    }

    /** Begins a folder. */
    public void create(HadoopStorage folder) throws IOException {
        folder.atomicPut(MANIFEST, JSON.writeValueAsBytes(this));
    }

    /** What this cache was encoded by that another would not be; empty if that could be the same cache. */
    public List<String> differences(FeatureCache other) {
        return Facts.changes(encoders, other.encoders);
    }

    /**
     * The features that a training run takes, null if it takes none.
     *
     * @throws UserError if they are not those of the configuration
     */
    public static FeatureCache forTraining(
            TrainingConfig config, BucketingManifest data, WeightsCache weights, Configuration hadoop)
            throws IOException {
        String folder = config.dataset().features();
        if (folder == null) {
            return null;
        }
        FeatureCache found = find(new HadoopStorage(hadoop, folder))
                .orElseThrow(() -> new UserError("Cannot train on features " + folder
                        + ": there are none. Run submit/encode with this configuration"
                        + " first, or leave out --features."));
        List<String> differences = found.differences(of(config, data, weights, hadoop));
        if (!differences.isEmpty()) {
            throw new UserError("Cannot train on features " + folder + ": they were encoded otherwise, "
                    + String.join(", ", differences) + ". Restore that, or run submit/encode into another folder.");
        }
        Integer windows = config.dataset().temporalWindows();
        if (windows != null && windows != found.windows) {
            throw new UserError("Cannot train on features " + folder + ": they hold " + found.windows
                    + " windows of each video, and dataset.temporal_windows is " + windows
                    + ". Set it to that, or run submit/encode with this number into another folder.");
        }
        return found;
    }

    /**
     * How many clips of a data set are stored.
     *
     * @param clips with the columns of shards
     * @throws UserError if some are stored as they were before their file or caption changed
     */
    public static long stored(Dataset<Row> clips, Dataset<Row> index, String folder) {
        String[] shape = SHAPE.toArray(String[]::new);
        Dataset<Row> wanted = ClipParts.in(clips)
                .withColumn("content", content())
                .select("clip_id", "height_px", "width_px", "bucket_frames", "content")
                .distinct();
        String[] key = {"clip_id", "height_px", "width_px", "bucket_frames", "content"};
        Dataset<Row> as = index.select("clip_id", "height_px", "width_px", "bucket_frames", "content")
                .distinct();
        long found = wanted.join(as, key, "left_semi").count();
        long stale = wanted.join(as, key, "left_anti")
                .join(index.dropDuplicates(shape), shape, "left_semi")
                .count();
        if (stale > 0) {
            throw new UserError("Cannot train on features " + folder + ": " + stale + " of " + (found + stale)
                    + " stored clips have changed since they were encoded. Run submit/encode again.");
        }
        return found;
    }

    /**
     * Changes when the file of a clip, its part of the file or its caption does, as far as the table of clips can tell.
     *
     * Nulls, as of whole files, change no hash.
     */
    public static Column content() {
        List<Column> columns = new ArrayList<>(List.of(col("bytes"), col("mtime"), col("caption")));
        ClipParts.COLUMNS.forEach(name -> columns.add(col(name)));
        return xxhash64(columns.toArray(Column[]::new));
    }

    /** The windows of a clip that are stored: images have one. */
    public static Column window(Column epoch, int windows) {
        return when(col("kind").equalTo("image"), lit(0)).otherwise(pmod(epoch, lit(windows)));
    }

    /** Removes what tasks left unfinished when their process was killed: files that the index does not lead to. */
    public static void deleteUnfinished(HadoopStorage folder) throws IOException {
        Set<String> indexed = new HashSet<>();
        for (String file : folder.list(INDEX)) {
            if (file.startsWith("_")) {
                folder.delete(INDEX + "/" + file);
            } else {
                indexed.add(stem(file));
            }
        }
        for (String file : folder.list(SHARDS)) {
            if (!indexed.contains(stem(file))) {
                folder.delete(SHARDS + "/" + file);
            }
        }
    }

    private static String stem(String file) {
        return file.substring(0, Math.max(0, file.lastIndexOf('.')));
    }

    /** The index of a folder, one row for each entry; empty if there is none yet. */
    public static Optional<Dataset<Row>> index(SparkSession spark, HadoopStorage folder) throws IOException {
        if (folder.list(INDEX).stream().noneMatch(name -> name.endsWith(".parquet") && !name.startsWith("_"))) {
            return Optional.empty();
        }
        return Optional.of(Tables.reader(spark)
                .parquet(folder.uri(INDEX))
                // A task that ran twice left two.
                .dropDuplicates(KEY.toArray(String[]::new)));
    }
}
