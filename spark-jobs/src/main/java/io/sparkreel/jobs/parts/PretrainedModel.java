// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.parts;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.jobs.weights.WeightsPart;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.WeightsFolder;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.Families;
import io.sparkreel.model.family.ModelSection;
import io.sparkreel.model.process.Processes;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import io.sparkreel.model.train.checkpoint.WeightsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;

/**
 * Weights of a model that {@code model.from_pretrained} or {@code --ckpt-path} names: a run folder or a checkpoint of
 * ours, or published ones: a folder with {@code config.json}, a file, or a hub id.
 */
public final class PretrainedModel {
    private final CheckpointReader checkpoint; // null: published weights
    private final ChosenCheckpoint chosen; // likewise
    private final List<String> warnings;
    private final DenoiserConfig sizes;
    private final String name;

    private PretrainedModel(
            CheckpointReader checkpoint,
            ChosenCheckpoint chosen,
            List<String> warnings,
            DenoiserConfig sizes,
            String name) {
        this.checkpoint = checkpoint;
        this.chosen = chosen;
        this.warnings = warnings;
        this.sizes = sizes;
        this.name = name;
    }

    /**
     * Finds the weights on the driver and reads the sizes of the model, but no weights yet.
     *
     * @param needed paths of a checkpoint's files to verify, for executors that read them without
     * @throws UserError if there are none
     */
    public static PretrainedModel find(
            ModelSection config, Configuration hadoop, WeightsCache cache, Predicate<String> needed)
            throws IOException {
        HadoopStorage given = new HadoopStorage(hadoop, config.fromPretrained());
        Optional<FileStatus> status = given.status("");
        if (status.isPresent() && status.get().isDirectory()) {
            List<String> names = given.list("");
            if (WeightsPart.missing(names, EnumSet.of(WeightsPart.WEIGHTS)).isPresent()) {
                CheckpointReader.Found found = CheckpointReader.resolve(given, needed);
                return new PretrainedModel(
                        found.checkpoint(),
                        ChosenCheckpoint.of(given, found.checkpoint()),
                        found.warnings(),
                        TrainingCheckpoint.config(found.checkpoint()),
                        found.checkpoint().toString());
            }
        }
        Path published =
                cache.resolve(config.fromPretrained(), config.localFilesOnly(), EnumSet.of(WeightsPart.CONFIG));
        Path sizes = published.resolve("config.json");
        return new PretrainedModel(
                null, null, List.of(), Files.isRegularFile(sizes) ? Families.read(sizes) : null, published.toString());
    }

    /** The sizes that come with the weights; empty for those of which the configuration has to say them. */
    public Optional<DenoiserConfig> sizes() {
        return Optional.ofNullable(sizes);
    }

    /** The process that the weights were trained with. */
    public ObjectNode process(DenoiserConfig model) throws IOException {
        return checkpoint == null
                ? Processes.identity(Families.of(model.type()).process())
                : TrainingCheckpoint.state(checkpoint).process();
    }

    /** One line for each damaged checkpoint that was passed over. */
    public List<String> warnings() {
        return warnings;
    }

    /** The checkpoint that executors are to read; null for published weights. */
    public ChosenCheckpoint chosen() {
        return chosen;
    }

    /**
     * Reads published weights on an executor.
     *
     * @throws UserError if there are none
     */
    public static void readPublished(ModelSection config, WeightsCache cache, ModelWeights weights) throws IOException {
        Path published =
                cache.resolve(config.fromPretrained(), config.localFilesOnly(), EnumSet.of(WeightsPart.WEIGHTS));
        try (WeightsFolder stored = WeightsFolder.open(published)) {
            WeightsFile.read(stored, weights);
        }
    }

    /** Where the weights lie: a checkpoint's folder, or what this node has of published ones, named by their content. */
    @Override
    public String toString() {
        return name;
    }
}
