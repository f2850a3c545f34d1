// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.parts.Components;
import io.sparkreel.jobs.parts.PretrainedModel;
import io.sparkreel.jobs.spark.SparkMaster;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.model.BatchShape;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.family.Cost;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.text.TextSizes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * An inference run as the driver sees it: batches of prompts of one shape, the dearest first, taken by executors as
 * they become free, and a table of what came of each sample. Run again over the same folder, it generates what is
 * missing, has failed or would come out otherwise now.
 */
public final class InferenceRun {
    /** Folder of the table of results. */
    public static final String RESULTS = ResultsTable.FOLDER;

    private static final String CONTACT_SHEET = "contact-sheet.html";
    private static final int FAILURES_SHOWN = 10;
    private static final int REASONS_SHOWN = 3;
    private static final Logger LOG = LogManager.getLogger(InferenceRun.class);

    private final InferenceConfig config;
    private final DenoiserConfig model;
    private final PromptTable.Prompts prompts;
    private final HadoopStorage output;
    private final ObjectNode process;
    private final PretrainedModel pretrained;
    private final Costs costs;

    private InferenceRun(
            InferenceConfig config,
            DenoiserConfig model,
            PromptTable.Prompts prompts,
            HadoopStorage output,
            ObjectNode process,
            PretrainedModel pretrained,
            Costs costs) {
        this.config = config;
        this.model = model;
        this.prompts = prompts;
        this.output = output;
        this.process = process;
        this.pretrained = pretrained;
        this.costs = costs;
    }

    /** What batches cost relative to each other. */
    private record Costs(Cost cost, CodecGeometry codec, int slots) {
        double of(Batch batch) {
            PromptRow.Shape shape = batch.shape();
            return shape.loops()
                    * cost.forward(new BatchShape(
                            2 * batch.prompts().size(),
                            codec.latent(shape.numFrames(), shape.height(), shape.width()),
                            slots));
        }
    }

    /**
     * Checks all that can be checked without Spark.
     *
     * @throws UserError if the run cannot work
     */
    public static InferenceRun prepare(InferenceConfig config, Configuration hadoop) throws IOException {
        return prepare(config, hadoop, codec -> PromptTable.read(config, hadoop, codec));
    }

    /**
     * Checks a run over prompts that the caller has.
     *
     * @param prompts rows of a prompt table: the text in column "prompt", and any of its other columns
     * @throws UserError if the run cannot work
     */
    public static InferenceRun prepare(InferenceConfig config, Configuration hadoop, Dataset<Row> prompts)
            throws IOException {
        return prepare(config, hadoop, codec -> PromptTable.of(config, hadoop, codec, PromptDataset.collect(prompts)));
    }

    private interface PromptReader {
        PromptTable.Prompts read(CodecGeometry codec) throws IOException;
    }

    private static InferenceRun prepare(InferenceConfig config, Configuration hadoop, PromptReader reader)
            throws IOException {
        if (config.model().fromPretrained() == null) {
            throw new UserError("Cannot generate: no weights. Give --ckpt-path with a run folder or a checkpoint.");
        }
        WeightsCache cache = new WeightsCache(hadoop);
        PretrainedModel pretrained = PretrainedModel.find(config.model(), hadoop, cache, path -> false);
        pretrained.warnings().forEach(warning -> LOG.warn("{}", warning));
        CodecGeometry codec = Components.codecGeometry(config.vae(), cache);
        TextSizes text = Components.textSizes(config.textEncoder(), cache);
        DenoiserConfig model = Components.model(config.model(), pretrained.sizes(), codec, text);
        PromptTable.Prompts prompts = reader.read(codec);
        ObjectNode process = config.scheduler().process(pretrained.process(model));
        return new InferenceRun(
                config,
                model,
                prompts,
                new HadoopStorage(hadoop, config.output().saveDir()),
                process,
                pretrained,
                new Costs(model.cost(config.dtype(), false), codec, text.slots()));
    }

    /**
     * Generates everything that is wanting and writes the table of results and the contact sheet.
     *
     * @param threads that an executor's model computes with
     * @param lease of the folder of clips
     * @throws UserError if not one of the samples could be generated
     */
    public void execute(SparkSession spark, int threads, FolderLease lease) throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        String id = String.format(Locale.ROOT, "%019d-%s", System.currentTimeMillis(), UUID.randomUUID());
        GeneratorTask task = new GeneratorTask(
                id,
                config,
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())),
                model,
                pretrained.chosen(),
                process,
                output.uri(""),
                identity(),
                threads,
                attempts(spark),
                spark.sparkContext().longAccumulator("denoising steps"));
        output.deleteUnfinished(""); // of runs that were killed
        ResultsTable results = ResultsTable.open(output, spark);
        ResultsJournal journal = new ResultsJournal(output, id);
        List<ClipResult> bad = prompts.bad().stream()
                .map(prompt ->
                        ClipResult.failed(prompt.promptId(), 0, prompt.text(), config.seed(), prompt.error(), null))
                .toList();
        if (!bad.isEmpty()) {
            journal.write("bad-prompts", bad);
            results.add(bad);
        }
        new Generation(spark, task, costs::of, results::add, journal).run(wanting(task, results));
        lease.requireHeld();
        output.deleteUnfinished(""); // of executors that were lost
        results.commit();
        report(results);
    }

    /**
     * The commonest errors with how many there are of each. Errors that differ in names and numbers alone count as one,
     * and are told by the first of them.
     */
    static String reasons(List<String> errors) {
        Map<String, List<String>> alike = new LinkedHashMap<>();
        errors.forEach(error ->
                alike.computeIfAbsent(kind(error), any -> new ArrayList<>()).add(error));
        List<List<String>> sorted = alike.values().stream()
                .sorted(Comparator.comparingInt((List<String> same) -> same.size())
                        .reversed())
                .toList();
        StringBuilder text = new StringBuilder(sorted.get(0).get(0));
        if (errors.size() > 1) {
            text.append(" So ").append(sorted.get(0).size()).append(" of ").append(errors.size());
        }
        for (List<String> same : sorted.subList(1, Math.min(REASONS_SHOWN, sorted.size()))) {
            text.append("; ").append(same.size()).append(" as ").append(same.get(0));
        }
        return text.toString();
    }

    /** An error without the place of its row and without names and numbers. */
    private static String kind(String error) {
        return error.substring(Math.max(0, error.indexOf("Cannot "))).replaceAll("'[^']*'|\\S*[0-9/]\\S*", "*");
    }

    /** All that decides what clips look like, beside the prompts. */
    private String identity() {
        return String.join(
                "\n",
                pretrained.toString(),
                config.vae().toString(),
                config.textEncoder().toString(),
                config.scheduler().toString(),
                processIdentity(),
                config.dtype().toString(),
                config.video().aspectCondition().toString(),
                Integer.toString(config.video().frameInterval()),
                config.conditioning().carry().toString(),
                Boolean.toString(config.conditioning().keepGivenFrames()),
                config.conditioning().maskStrategyDialect().toString());
    }

    /** What is known of the process beside its type. */
    private String processIdentity() {
        ObjectNode known = process.deepCopy();
        known.remove("type");
        return known.isEmpty()
                ? "false"
                : known.properties().stream()
                        .map(field -> field.getValue().asText())
                        .collect(Collectors.joining(","));
    }

    /** With a local master Spark tries a task once. */
    private static int attempts(SparkSession spark) {
        return SparkMaster.of(spark.sparkContext().master()).isLocal()
                ? 1
                : spark.sparkContext().getConf().getInt("spark.task.maxFailures", 4);
    }

    private List<Batch> wanting(GeneratorTask task, ResultsTable results) throws IOException {
        Set<String> files = config.output().overwrite() ? Set.of() : new HashSet<>(output.list(""));
        List<Batch> batches = new ArrayList<>();
        int all = 0;
        int wanting = 0;
        for (Batch batch : Batch.of(prompts.rows(), config.batchSize())) {
            Batch rest = batch.only((row, sample) -> {
                ClipResult earlier = results.find(row.promptId(), sample);
                return earlier == null
                        || !earlier.isOk()
                        || !files.contains(row.fileName(sample))
                        || !row.fileName(sample).equals(earlier.fileName())
                        || !task.fingerprint(row).equals(earlier.fingerprint());
            });
            all += batch.prompts().size();
            if (rest != null) {
                wanting += rest.prompts().size();
                batches.add(rest);
            }
        }
        batches.sort(Comparator.comparingDouble(costs::of).reversed());
        LOG.info("Generating {} of {} clips to {}; {} are there", wanting, all, output, all - wanting);
        return batches;
    }

    private void report(ResultsTable results) throws IOException {
        output.atomicPut(CONTACT_SHEET, ContactPage.html(results.all()).getBytes(StandardCharsets.UTF_8));
        Set<Long> asked = new HashSet<>();
        prompts.rows().forEach(row -> asked.add(row.promptId()));
        prompts.bad().forEach(bad -> asked.add(bad.promptId()));
        List<ClipResult> ours = results.all().stream()
                .filter(result -> asked.contains(result.promptId()))
                .toList();
        List<ClipResult> failed = ours.stream().filter(result -> !result.isOk()).toList();
        failed.stream().limit(FAILURES_SHOWN).forEach(result -> LOG.warn("Failed: {}", result.error()));
        if (failed.size() == ours.size()) {
            throw new UserError("Cannot generate any of " + failed.size() + " clips: "
                    + reasons(failed.stream().map(ClipResult::error).toList()));
        }
        LOG.info(
                "{} clips are in {}, {} failed; {} says which is which, {} shows them",
                ours.size() - failed.size(),
                output,
                failed.size(),
                output.uri(ResultsTable.FOLDER),
                CONTACT_SHEET);
    }
}
