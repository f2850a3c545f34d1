// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.spark.StopSignal;
import io.sparkreel.jobs.storage.FolderLease;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;

/** Training runs of the smallest model in the tests' session. */
public final class TrainingData {
    private static final String SMALL = """
            dtype: fp32
            model: {type: STDiT2, hidden_size: 24, depth: 1, num_heads: 2, input_sq_size: 32}
            vae: {type: wavelet, levels: 2, bands: [Y-LL, Cb-LL], scales: [2.0, 0.5]}
            text_encoder: {type: hash, width: 8, model_max_length: 6}
            scheduler: {type: iddpm}
            lr: 1.0e-3
            log_every: 1
            ckpt_every: 0
            max_restarts: 0
            """;

    private TrainingData() {}

    /** Writes pictures of 32x32 pixels of noise with captions. */
    public static List<Path> pictures(Path folder, int count) throws IOException {
        Files.createDirectories(folder);
        Random random = new Random(1);
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            BufferedImage picture = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
            for (int pixel = 0; pixel < 32 * 32; pixel++) {
                picture.setRGB(pixel % 32, pixel / 32, random.nextInt(1 << 24));
            }
            Path file = folder.resolve("picture-%04d.png".formatted(i));
            ImageIO.write(picture, "png", file.toFile());
            Files.writeString(folder.resolve("picture-%04d.txt".formatted(i)), "noise of number " + i % 7);
            files.add(file);
        }
        return files;
    }

    public static LoadedConfig<TrainingConfig> config(Path data, Object run, String... lines) {
        String given = String.join("\n", lines) + "\n";
        // A line that is given takes the place of the one above.
        String yaml = SMALL.lines()
                        .filter(line -> !given.contains(line.substring(0, line.indexOf(':') + 1)))
                        .collect(Collectors.joining("\n"))
                + "\noutputs: '" + run + "'\n" + given;
        if (!yaml.contains("dataset:")) {
            yaml += "dataset: {data_path: '" + data + "', transform_name: resize_crop}\n";
        }
        return ConfigLoader.parse(TrainingConfig.class, "test.yaml", yaml, List.of());
    }

    public static void train(LoadedConfig<TrainingConfig> config) throws IOException {
        TrainingRun.prepare(config, new Configuration())
                .execute(LocalSpark.session(), new StopSignal(), FolderLease.none());
    }

    /** Losses by step, as the log of a run tells them. */
    public static TreeMap<Long, Double> losses(Path run) throws IOException {
        TreeMap<Long, Double> losses = new TreeMap<>();
        for (String line : Files.readAllLines(run.resolve("log.jsonl"))) {
            JsonNode node = new ObjectMapper().readTree(line);
            if (node.path("event").asText().equals("step")) {
                losses.put(node.get("step").asLong(), node.get("loss").asDouble());
            }
        }
        return losses;
    }
}
