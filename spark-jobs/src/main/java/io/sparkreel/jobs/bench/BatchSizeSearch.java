// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.plan.BatchSizes;
import io.sparkreel.bucketing.plan.CostModel;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.reader.ConfigOverride;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.BatchSizing;
import io.sparkreel.jobs.config.train.DatasetType;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.BucketingManifest.BucketRows;
import io.sparkreel.jobs.error.Outcome;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.parts.Components;
import io.sparkreel.jobs.plan.FamilyCost;
import io.sparkreel.jobs.spark.TaskDevice;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.train.TrainingRank;
import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.bench.ProcessUsage;
import io.sparkreel.model.bench.RandomClips;
import io.sparkreel.model.bench.Report;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.command.CommandWords;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.settings.Choice;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.MicroBatch;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.Trainer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Option;

/**
 * Finds batch sizes for a model and a data set on this machine: takes real training steps on random clips of the cheapest
 * and of the dearest bucket, doubling the batch until the memory is used up, a larger one is no faster, or a step takes
 * longer than wanted, and sizes all buckets by what was measured. Writes the configuration.
 */
public final class BatchSizeSearch implements AutoCloseable {
    private static final double BYTES_OF_A_GIB = 1L << 30;
    private static final double BYTES_OF_A_MIB = 1L << 20;
    private static final int STEPS = 2;
    private static final int MOST_CLIPS = 4096;

    private final DenoiserConfig model;
    private final CodecGeometry codec;
    private final Tensors tensors;
    private final ModelWeights weights;
    private final Trainer trainer;
    private final double memory;
    private final double longestStep;
    private final double before;
    private long step;

    /** What a batch of a bucket took, the memory of model and training. */
    private record Measured(int batch, double seconds, double bytes) {}

    private BatchSizeSearch(
            TrainingConfig config,
            DenoiserConfig model,
            CodecGeometry codec,
            double memory,
            double longestStep,
            int threads)
            throws IOException {
        this.model = model;
        this.codec = codec;
        this.memory = memory;
        this.longestStep = longestStep;
        Torch.start(threads);
        tensors = TaskDevice.tensors(config.device());
        ProcessUsage.forgetPeak();
        before = ProcessUsage.peakMebibytes(tensors) * BYTES_OF_A_MIB;
        weights = new ModelWeights(model, Components.frozen(config.model(), model), config.dtype(), tensors);
        weights.initialise(config.run().seed());
        trainer = new Trainer(TrainingRank.options(config, 1000), weights, tensors, new SingleProcess());
    }

    /** @param words see {@code submit/bench --help} */
    public static void main(String[] words) {
        System.exit(Outcome.of(() -> System.out.println(run(words)), System.err));
    }

    private static final class Options {
        @Option(names = "--config", required = true, paramLabel = "FILE", description = "training configuration")
        private Path config;

        @Option(names = "--data-path", required = true, paramLabel = "DIR", description = "bucketing folder")
        private String dataPath;

        @Option(names = "--memory-gib", required = true, paramLabel = "N", description = "of model and training")
        private long memoryGib;

        @Option(names = "--output", required = true, paramLabel = "FILE", description = "configuration to write")
        private Path output;

        @Option(names = "--max-step-s", defaultValue = "10", paramLabel = "N", description = "of a micro-batch")
        private int maxStepS;

        @Option(names = "--threads", paramLabel = "N", description = "threads of one operator; all cores by default")
        private int threads = Runtime.getRuntime().availableProcessors();
    }

    /** Measures, writes the configuration, and returns what was found. */
    public static Report run(String... words) throws IOException {
        Options options = CommandWords.read(new Options(), "search batch sizes", words);
        Path file = options.config;
        ConfigOverride data = ConfigOverride.text("dataset.data_path", options.dataPath, "--data-path");
        TrainingConfig config =
                ConfigLoader.load(TrainingConfig.class, file, List.of(data)).config();
        if (config.dataset().type() != DatasetType.VARIABLE_VIDEO_TEXT_DATASET) {
            throw new UserError("Cannot search batch sizes of buckets: dataset.type is "
                    + config.dataset().type().word() + ". Give a configuration for buckets.");
        }
        Path output = options.output.toAbsolutePath();
        if (Files.isDirectory(output) || !Files.isWritable(output.getParent())) {
            throw new UserError(
                    "Cannot write " + output + ": it is a folder, or lies in none that can be written to. Give"
                            + " --output the name of a file.");
        }
        double memory = options.memoryGib * BYTES_OF_A_GIB;
        Configuration hadoop = new Configuration();
        BucketingManifest manifest = BucketingManifest.read(
                new HadoopStorage(hadoop, config.dataset().dataPath()));
        WeightsCache cache = new WeightsCache(hadoop);
        CodecGeometry codec = Components.codecGeometry(config.vae(), cache);
        DenoiserConfig model = Components.model(
                config.model(), Optional.empty(), codec, Components.textSizes(config.textEncoder(), cache));
        List<Bucket> buckets =
                manifest.contents().buckets().stream().map(BucketRows::bucket).toList();
        FamilyCost formulas = new FamilyCost(
                model.cost(config.dtype(), config.gradCheckpoint(), Components.frozen(config.model(), model)),
                codec,
                model.modelMaxLength());
        Comparator<Bucket> byCost = Comparator.comparingDouble(formulas::flops);
        // The cheapest first: what the dearest took stays with the process. One bucket only is measured once.
        Set<Bucket> extremes = new LinkedHashSet<>();
        extremes.add(buckets.stream().min(byCost).orElseThrow());
        extremes.add(buckets.stream().max(byCost).orElseThrow());
        Map<String, Double> secondsPerClip = new TreeMap<>();
        double ratio = 0;
        try (BatchSizeSearch search =
                new BatchSizeSearch(config, model, codec, memory, options.maxStepS, options.threads)) {
            for (Bucket bucket : extremes) {
                List<Measured> found = search.measure(bucket, formulas);
                Measured largest = found.get(found.size() - 1);
                secondsPerClip.put(
                        bucket.id(),
                        found.stream()
                                .mapToDouble(now -> now.seconds() / now.batch())
                                .min()
                                .orElseThrow());
                ratio = Math.max(ratio, largest.bytes() / formulas.peakBytes(bucket, largest.batch()));
            }
        }
        Map<String, Integer> sizes =
                sizes(buckets, new CostModel(formulas, secondsPerClip), memory / Math.max(1, ratio), options.maxStepS);
        write(output, ConfigLoader.load(TrainingConfig.class, file, overrides(data, manifest, sizes)));
        return new Report("search-batch-size")
                .put("device", Choice.word(config.device()))
                .put("measured_over_predicted_bytes", ratio)
                .put("seconds_per_clip", secondsPerClip)
                .put("batch_sizes", sizes)
                .put("written", output.toString());
    }

    /** The largest sizes within the memory whose micro-batches cost about the same, and none too much. */
    private static Map<String, Integer> sizes(
            List<Bucket> buckets, CostModel costs, double memory, double longestStep) {
        Map<String, Integer> largest = BatchSizes.balanced(buckets, costs, memory, null);
        Map<String, Double> seconds = costs.clipCosts(buckets);
        double longest = buckets.stream()
                .mapToDouble(bucket ->
                        seconds.get(bucket.id()) * largest.get(Bucket.tag(bucket.resolution(), bucket.frames())))
                .max()
                .orElse(0);
        return longest <= longestStep ? largest : BatchSizes.balanced(buckets, costs, memory, longestStep);
    }

    /** Doubles the batch while it fits. */
    private List<Measured> measure(Bucket bucket, CostModel.Formulas formulas) throws IOException {
        List<Measured> measured = new ArrayList<>();
        for (int batch = 1; batch <= MOST_CLIPS; batch *= 2) {
            if (formulas.peakBytes(bucket, batch) > memory) {
                break;
            }
            Measured now;
            try {
                now = measure(bucket, batch);
            } catch (RuntimeException e) {
                if (!String.valueOf(e.getMessage()).contains("out of memory")) { // as libtorch says it of a GPU
                    throw e;
                }
                System.err.println("sparkreel: " + bucket.id() + ": the device has no memory for " + batch);
                break;
            }
            System.err.printf(
                    Locale.ROOT,
                    "sparkreel: %s: a step on %d clip%s takes %.3f s and %.0f MiB%n",
                    bucket.id(),
                    batch,
                    batch == 1 ? "" : "s",
                    now.seconds(),
                    now.bytes() / BYTES_OF_A_MIB);
            if (now.bytes() > memory) {
                break;
            }
            measured.add(now);
            boolean noFaster = measured.size() > 1
                    && now.seconds() / batch
                            > 0.98 * measured.get(measured.size() - 2).seconds() / (batch / 2.0);
            if (noFaster || now.seconds() > longestStep / 2) {
                break; // larger batches cost as much a clip, or would take too long
            }
        }
        if (measured.isEmpty()) {
            throw new UserError("Cannot train on bucket " + bucket.id() + ": not one clip fits into the memory. Set"
                    + " grad_checkpoint: true, raise --memory-gib, or leave this bucket out of the data.");
        }
        return measured;
    }

    private Measured measure(Bucket bucket, int batch) throws IOException {
        MicroBatch clips = clips(bucket, batch);
        trainer.step(step++, List.of(clips), batch); // the first one also allocates
        ProcessUsage.forgetPeak();
        long begin = System.nanoTime();
        for (int i = 0; i < STEPS; i++) {
            trainer.step(step++, List.of(clips), batch);
        }
        double seconds = (System.nanoTime() - begin) / 1e9 / STEPS;
        return new Measured(batch, seconds, ProcessUsage.peakMebibytes(tensors) * BYTES_OF_A_MIB - before);
    }

    private MicroBatch clips(Bucket bucket, int batch) {
        LatentShape latent = codec.latent(bucket.frames(), bucket.height(), bucket.width());
        return new RandomClips(1, model.modelMaxLength(), model.captionChannels())
                .microBatch(bucket.id(), latent, bucket.frames(), bucket.height(), bucket.width(), 0, batch);
    }

    /** What puts sizes into a configuration. */
    private static List<ConfigOverride> overrides(
            ConfigOverride data, BucketingManifest manifest, Map<String, Integer> sizes) {
        Map<String, Map<Integer, List<Number>>> levels = new LinkedHashMap<>();
        manifest.rule()
                .bucketConfig()
                .forEach((resolution, counts) -> counts.forEach((frames, pair) -> {
                    Integer size = sizes.get(Bucket.tag(resolution.toLowerCase(Locale.ROOT), frames));
                    levels.computeIfAbsent(resolution, any -> new LinkedHashMap<>())
                            .put(frames, Arrays.asList(pair.get(0), size == null ? pair.get(1) : size));
                }));
        String found = new ObjectMapper().valueToTree(levels).toString(); // JSON is YAML
        return List.of(
                data,
                ConfigOverride.yaml("bucket_config", found, "bucket_config"),
                ConfigOverride.text("batch_sizes", Choice.word(BatchSizing.CONFIGURED), "batch_sizes"));
    }

    /** The whole configuration, to train with. */
    private static void write(Path file, LoadedConfig<TrainingConfig> config) throws IOException {
        Files.writeString(
                file,
                "# With the batch sizes that submit/bench search-batch-size found.\n" + config.yaml(),
                StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        trainer.close();
        weights.close();
    }
}
