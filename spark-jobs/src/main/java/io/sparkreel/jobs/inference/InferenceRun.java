// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.bucketing.media.PixelClip;
import io.sparkreel.jobs.Components;
import io.sparkreel.jobs.Components.TextSizes;
import io.sparkreel.jobs.PretrainedModel;
import io.sparkreel.jobs.Progress;
import io.sparkreel.jobs.UserError;
import io.sparkreel.jobs.config.InferenceConfig;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.WeightsCache;
import io.sparkreel.model.autoencoder.LatentSizes;
import io.sparkreel.model.stdit.Stdit2Config;
import io.sparkreel.model.train.RunState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * An inference run as the driver sees it: batches of prompts of one shape, taken by executors as they become free,
 * and a table of what came of each sample.
 */
public final class InferenceRun {
    /** Columns of the {@code results} table. */
    static final StructType RESULTS = new StructType()
            .add("prompt_id", DataTypes.LongType, false)
            .add("sample", DataTypes.IntegerType, false)
            .add("prompt", DataTypes.StringType, false)
            .add("uri", DataTypes.StringType)
            .add("seed", DataTypes.LongType, false)
            .add("num_frames", DataTypes.IntegerType, false)
            .add("fps", DataTypes.IntegerType, false)
            .add("height", DataTypes.IntegerType)
            .add("width", DataTypes.IntegerType)
            .add("seconds", DataTypes.DoubleType, false)
            .add("status", DataTypes.StringType, false)
            .add("error", DataTypes.StringType);

    private static final Logger LOG = LogManager.getLogger(InferenceRun.class);

    private final InferenceConfig config;
    private final Stdit2Config model;
    private final List<PromptRow> prompts;
    private final HadoopStorage output;
    private final boolean predictXstart;

    private InferenceRun(InferenceConfig config, Stdit2Config model, List<PromptRow> prompts, HadoopStorage output,
            boolean predictXstart) {
        this.config = config;
        this.model = model;
        this.prompts = prompts;
        this.output = output;
        this.predictXstart = predictXstart;
    }

    /**
     * Checks all that can be checked without Spark.
     *
     * @throws UserError if the run cannot work
     */
    public static InferenceRun prepare(InferenceConfig config, Configuration hadoop) throws IOException {
        if (config.model().fromPretrained() == null) {
            throw new UserError("Cannot generate: no weights. Give --ckpt-path with a run folder or a checkpoint.");
        }
        WeightsCache cache = new WeightsCache(hadoop);
        PretrainedModel pretrained = PretrainedModel.find(config.model(), hadoop, cache);
        pretrained.warnings().forEach(warning -> LOG.warn("{}", warning));
        LatentSizes latent = Components.codecSizes(config.vae(), cache);
        TextSizes text = Components.textSizes(config.textEncoder(), cache);
        Stdit2Config model = Components.model(config.model(), pretrained.sizes(), latent, text);
        List<PromptRow> prompts = PromptTable.read(config, hadoop);
        prompts.forEach(prompt -> checkSize(prompt, latent.spatialFactor()));
        boolean predictXstart = config.scheduler().predictXstart() == null
                ? pretrained.state().map(RunState::predictXstart).orElse(false) : config.scheduler().predictXstart();
        return new InferenceRun(
                config, model, prompts, new HadoopStorage(hadoop, config.output().saveDir()), predictXstart);
    }

    private static void checkSize(PromptRow prompt, int factor) {
        if (prompt.height() < factor || prompt.width() < factor) {
            throw new UserError("Cannot generate prompt " + prompt.promptId() + ": its size " + prompt.height() + "x"
                    + prompt.width() + " is less than the codec's factor " + factor + ". Set a larger image_size.");
        }
    }

    /** Generates everything and writes the table of results. */
    public void execute(SparkSession spark) throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        GeneratorTask task = new GeneratorTask(UUID.randomUUID().toString(), config,
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())), model, predictXstart,
                output.uri(""));
        List<Batch> batches = batches();
        int samples = batches.stream().mapToInt(batch -> batch.prompts().size()).sum();
        LOG.info("Generating {} clips for {} prompts to {}", samples, prompts.size(), output);
        LongAccumulator done = spark.sparkContext().longAccumulator("generated clips");
        List<Row> results;
        try (Progress progress = Progress.of("generated", samples, done::value)) {
            // A partition for each batch: executors take the next one as they become free.
            results = context.parallelize(batches, batches.size()).flatMap(batch -> {
                List<Row> rows = generate(task, batch);
                done.add(rows.size());
                return rows.iterator();
            }).collect();
        }
        writeResults(spark, results);
    }

    /** Prompts of one shape and seed, one sample of each. */
    private record Batch(List<PromptRow> prompts, int sample) implements java.io.Serializable {}

    private record Shape(int numFrames, int height, int width, int fps, long seed) {}

    /** Formed from the table alone, so that executors make no difference. */
    private List<Batch> batches() {
        Map<Shape, List<PromptRow>> byShape = new LinkedHashMap<>();
        for (PromptRow prompt : prompts) {
            Shape shape = new Shape(prompt.numFrames(), prompt.height(), prompt.width(), prompt.fps(), prompt.seed());
            byShape.computeIfAbsent(shape, any -> new ArrayList<>()).add(prompt);
        }
        List<Batch> batches = new ArrayList<>();
        for (List<PromptRow> same : byShape.values()) {
            for (int begin = 0; begin < same.size(); begin += config.batchSize()) {
                List<PromptRow> rows = same.subList(begin, Math.min(begin + config.batchSize(), same.size()));
                int most = rows.stream().mapToInt(PromptRow::samples).max().orElse(0);
                for (int sample = 0; sample < most; sample++) {
                    int k = sample;
                    batches.add(new Batch(new ArrayList<>(rows.stream().filter(row -> k < row.samples()).toList()), k));
                }
            }
        }
        return batches;
    }

    private static List<Row> generate(GeneratorTask task, Batch batch) throws IOException {
        Configuration hadoop = task.hadoop().value().value();
        ClipGenerator generator = ClipGenerator.of(task, TaskContext.get().cpus());
        long begin = System.nanoTime();
        List<PixelClip> clips = generator.generate(batch.prompts(), batch.sample());
        double seconds = (System.nanoTime() - begin) / 1e9 / clips.size();
        List<Row> results = new ArrayList<>();
        for (int i = 0; i < clips.size(); i++) {
            PromptRow prompt = batch.prompts().get(i);
            int fps = prompt.fps() / task.config().video().frameInterval();
            String uri = ClipFiles.write(hadoop, task.saveDir(), prompt.fileName(batch.sample()), clips.get(i), fps);
            results.add(RowFactory.create(prompt.promptId(), batch.sample(), prompt.text(), uri, prompt.seed(),
                    prompt.numFrames(), fps, clips.get(i).height(), clips.get(i).width(), seconds, "ok", null));
        }
        return results;
    }

    private void writeResults(SparkSession spark, List<Row> results) {
        String path = output.uri("results");
        spark.createDataFrame(results, RESULTS).coalesce(1).sortWithinPartitions("prompt_id", "sample")
                .write().mode(SaveMode.Overwrite).parquet(path);
        LOG.info("Wrote {} clips to {}; {} says which is which", results.size(), output, path);
    }
}
