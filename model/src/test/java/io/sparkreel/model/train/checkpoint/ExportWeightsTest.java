// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.LocalStorage;
import io.sparkreel.model.checkpoint.WeightsFolder;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.HalfPrecision;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.family.Families;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.Trainer;
import io.sparkreel.model.train.TrainerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights of a checkpoint as a folder to publish. */
class ExportWeightsTest {
    private static final Stdit2Config CONFIG =
            new Stdit2Config(64, 3, List.of(1, 2, 2), 48, 2, 4, 4, 0.1, true, 16, 5, true);

    @TempDir
    private Path work;

    private Path run;
    private float[] trained;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /** A checkpoint whose average is all zero, to be told from its weights. */
    @BeforeEach
    void checkpoint() throws Exception {
        run = work.resolve("run");
        Tensors tensors = Tensors.onHost();
        TrainerOptions options = TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 1)
                .withOptimizer(OptimizerOptions.REFERENCE
                        .withLearningRate(LearningRate.constant(1e-3))
                        .withEma(new Ema.Options(0.9, false)));
        try (ModelWeights weights = new ModelWeights(CONFIG, tensors);
                Trainer trainer = new Trainer(options, weights, tensors, new SingleProcess())) {
            trainer.restartEma();
            weights.initialise(7);
            trained = weights.parameters().tensor("blocks.0.attn.qkv.weight").floats();
            try (CheckpointSaver saver = new CheckpointSaver(
                    new LocalStorage(run), "a", weights, trainer, new SingleProcess(), (state, folder) -> {})) {
                saver.save(
                        new RunState(0, 1, 1, 1, 7, "plan", new Iddpm(Iddpm.Options.REFERENCE).identity()), Map.of());
                saver.finish();
            }
        }
    }

    private void export(String... more) throws IOException {
        List<String> words = new java.util.ArrayList<>(
                List.of(run.toString(), work.resolve("out").toString()));
        words.addAll(List.of(more));
        ExportWeights.run(ExportWeights.Request.parse(words.toArray(String[]::new)));
    }

    private Set<String> files() throws IOException {
        try (Stream<Path> files = Files.list(work.resolve("out"))) {
            return new TreeSet<>(
                    files.map(file -> file.getFileName().toString()).toList());
        }
    }

    @Test
    void writesOneFileBesideItsConfiguration() throws IOException {
        export("--weights", "model");
        assertEquals(Set.of("config.json", "model.safetensors"), files());
        JsonNode config =
                new ObjectMapper().readTree(work.resolve("out/config.json").toFile());
        assertEquals("STDiT2", config.get("model_type").asText());
        assertEquals(CONFIG, Families.read(work.resolve("out/config.json")));
        try (WeightsFolder exported = WeightsFolder.open(work.resolve("out"))) {
            assertArrayEquals(trained, exported.floats("blocks.0.attn.qkv.weight"));
        }
    }

    @Test
    void roundsToTheTypeAskedForAndReadsBack() throws IOException {
        export("--weights", "model", "--dtype", "bf16");
        try (WeightsFolder exported = WeightsFolder.open(work.resolve("out"))) {
            assertEquals(
                    DataType.BF16,
                    exported.tensors().get("blocks.0.attn.qkv.weight").dataType());
            float[] rounded = exported.floats("blocks.0.attn.qkv.weight");
            for (int i = 0; i < rounded.length; i++) {
                assertEquals(HalfPrecision.fromBf16(HalfPrecision.toBf16(trained[i])), rounded[i]);
            }
            try (ModelWeights weights = new ModelWeights(CONFIG, Tensors.onHost())) {
                WeightsFile.read(exported, weights);
                assertArrayEquals(
                        rounded,
                        weights.parameters().tensor("blocks.0.attn.qkv.weight").floats());
            }
        }
    }

    @Test
    void exportsTheAverageWhereNothingElseIsAskedFor() throws IOException {
        export();
        try (WeightsFolder exported = WeightsFolder.open(work.resolve("out"))) {
            assertArrayEquals(new float[trained.length], exported.floats("blocks.0.attn.qkv.weight"));
        }
        String again = assertThrows(InvalidInputException.class, this::export).getMessage();
        assertTrue(again.contains("it holds some already"), again);
    }

    @Test
    void saysWhatIsWrongWithItsWords() {
        for (String words :
                List.of("a", "a b c", "a b --dtype fp8", "a b --weights", "a b --max-file-mib 0", "a b --all x")) {
            String message = assertThrows(
                            InvalidInputException.class, () -> ExportWeights.Request.parse(words.split(" ")))
                    .getMessage();
            assertTrue(message.matches("Cannot export weights: .*\\. (Give|Write|--help) .*\\."), message);
        }
        assertThrows(
                InvalidInputException.class,
                () -> ExportWeights.run(ExportWeights.Request.parse(work.toString(), work + "/out")));
    }
}
