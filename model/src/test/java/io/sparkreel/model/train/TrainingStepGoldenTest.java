// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.optim.AdamW;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.process.Terms;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Two steps of {@link Trainer} against two steps of the reference's training loop, with its noise and timesteps. */
@Golden
class TrainingStepGoldenTest {
    private static final double GRADIENT = 1e-4;
    private static final double LOSS = 2e-4;
    private static final Tensors HOST = Tensors.onHost();

    private static GoldenData golden;

    @BeforeAll
    static void start(GoldenData data) {
        golden = data;
        Torch.start(1);
    }

    @TestFactory
    Stream<DynamicTest> twoStepsAreThoseOfTheReference() {
        List<DynamicTest> tests = new ArrayList<>();
        for (String file : golden.files("stdit2_.*\\.json")) {
            JsonNode content = golden.json(file);
            content.get("cases").properties().forEach(entry -> {
                if (entry.getValue().get("kind").asText().equals("train_step")) {
                    tests.add(DynamicTest.dynamicTest(
                            file + " " + entry.getKey(), () -> new Case(file, content, entry.getKey()).run()));
                }
            });
        }
        return tests.stream();
    }

    /** One recorded pair of steps. */
    private static final class Case {
        private final JsonNode description;
        private final String name;
        private final Stdit2Config config;
        private final GoldenTensors published;
        private final GoldenTensors tensors;

        Case(String file, JsonNode content, String name) {
            this.name = name;
            description = content.get("cases").get(name);
            config = new ObjectMapper().convertValue(content.get("config"), Stdit2Config.class);
            String base = file.replace(".json", "");
            published = GoldenTensors.of(golden, base + ".weights.safetensors");
            tensors = GoldenTensors.of(golden, base + ".cases.safetensors");
        }

        void run() {
            try (ModelWeights weights = new ModelWeights(config, HOST)) {
                weights.parameters()
                        .layout()
                        .slots()
                        .forEach((parameter, slot) -> weights.parameters()
                                .values()
                                .write(slot.begin(), FloatBuffer.wrap(published.values(parameter))));
                float[] nullCaption = published.values("y_embedder.y_embedding");
                System.arraycopy(nullCaption, 0, weights.nullCaption(), 0, nullCaption.length);
                try (Trainer trainer = new Trainer(options(), clips -> drawn(), weights, HOST, new SingleProcess())) {
                    MicroBatch clips = clips();
                    for (int step = 0; step < 2; step++) {
                        checkTerms(trainer, clips, step);
                        StepReport report = trainer.step(
                                step, List.of(clips), clips.samples().size());
                        double norm = description
                                .get("grad_norms_before_clip")
                                .get(step)
                                .asDouble();
                        assertEquals(norm, report.gradientNorm(), norm * GRADIENT);
                        checkMeans(report, step);
                        if (step == 0) {
                            checkClippedNorms(trainer, weights.parameters().layout());
                        }
                    }
                    checkUpdated(weights, trainer.ema());
                }
            }
        }

        private TrainerOptions options() {
            JsonNode betas = description.get("betas");
            AdamW.Options adam = new AdamW.Options(
                    betas.get(0).asDouble(),
                    betas.get(1).asDouble(),
                    description.get("eps").asDouble(),
                    description.get("weight_decay").asDouble());
            return TrainerOptions.of(new Iddpm(Iddpm.Options.REFERENCE), 1)
                    .withOptimizer(new OptimizerOptions(
                            adam,
                            LearningRate.constant(description.get("lr").asDouble()),
                            description.get("grad_clip").asDouble(),
                            new Ema.Options(description.get("ema_decay").asDouble(), false),
                            false));
        }

        private float[] in(String tensor) {
            return tensors.values(name + ".in." + tensor);
        }

        private boolean[] flags(String tensor) {
            float[] values = in(tensor);
            boolean[] flags = new boolean[values.length];
            for (int i = 0; i < flags.length; i++) {
                flags[i] = values[i] != 0;
            }
            return flags;
        }

        private Draws.Drawn drawn() {
            float[] times = in("t");
            boolean[] mask = tensors.has(name + ".in.x_mask") ? flags("x_mask") : null;
            return new Draws.Drawn(in("noise"), times, mask, new boolean[times.length]);
        }

        private MicroBatch clips() {
            long[] x = tensors.shape(name + ".in.x_start"); // [B, C, T, h, w]
            LatentShape shape = new LatentShape((int) x[1], (int) x[2], (int) x[3], (int) x[4]);
            long[] y = tensors.shape(name + ".in.y"); // [B, 1, L, W]
            int slots = (int) y[2];
            int width = (int) y[3];
            float[] latents = in("x_start");
            float[] text = in("y");
            boolean[] mask = flags("mask");
            List<Sample> samples = new ArrayList<>();
            for (int b = 0; b < x[0]; b++) {
                int size = shape.elements();
                samples.add(new Sample(
                        b,
                        Arrays.copyOfRange(latents, b * size, (b + 1) * size),
                        Arrays.copyOfRange(text, b * slots * width, (b + 1) * slots * width),
                        Arrays.copyOfRange(mask, b * slots, (b + 1) * slots),
                        (int) in("num_frames")[b],
                        (int) in("height")[b],
                        (int) in("width")[b],
                        in("fps")[b]));
                assertEquals(in("ar")[b], in("width")[b] / in("height")[b]);
            }
            return new MicroBatch("golden", 0, samples, shape, slots, width);
        }

        private String step(int step, String term) {
            return name + ".step" + step + "." + term;
        }

        /** Of each sample, from a forward pass with the weights before the step. */
        private void checkTerms(Trainer trainer, MicroBatch clips, int step) {
            try (TensorScope scope = TensorScope.open()) {
                Terms terms = trainer.terms(clips);
                tensors.assertClose(step(step, "mse"), terms.parts().get("mse").floats(), LOSS);
                tensors.assertClose(step(step, "vb"), terms.parts().get("vb").floats(), LOSS);
                tensors.assertClose(step(step, "loss"), terms.total().floats(), LOSS);
            }
        }

        private void checkMeans(StepReport report, int step) {
            checkMean(step(step, "mse"), report.terms().get("mse"));
            checkMean(step(step, "vb"), report.terms().get("vb"));
            checkMean(step(step, "loss"), report.loss());
        }

        private void checkMean(String term, double mean) {
            float[] expected = tensors.values(term);
            double sum = 0;
            for (float value : expected) {
                sum += value;
            }
            assertEquals(sum / expected.length, mean, LOSS * Math.abs(mean), term);
        }

        private void checkClippedNorms(Trainer trainer, ParameterLayout layout) {
            JsonNode expected = description.get("clipped_grad_l2_step0");
            assertFalse(expected.isEmpty());
            expected.properties().forEach(entry -> {
                ParameterLayout.Slot slot = layout.slot(entry.getKey());
                long elements = slot.spec().elements();
                try (TensorScope scope = TensorScope.open()) {
                    double norm = Kernels.instance()
                            .norm(Kernels.instance()
                                    .sliceFlat(
                                            trainer.gradients().values().tensor(), slot.begin(), elements, elements));
                    assertEquals(entry.getValue().asDouble(), norm, GRADIENT, entry.getKey());
                }
            });
        }

        private void checkUpdated(ModelWeights weights, Ema ema) {
            String prefix = name + ".after2.";
            List<String> recorded = tensors.entries().keySet().stream()
                    .filter(tensor -> tensor.startsWith(prefix))
                    .map(tensor -> tensor.substring(prefix.length()))
                    .toList();
            assertFalse(recorded.isEmpty());
            recorded.forEach(parameter -> {
                ParameterLayout.Slot slot = weights.parameters().layout().slot(parameter);
                FloatBuffer updated = FloatBuffer.allocate((int) slot.spec().elements());
                FloatBuffer averaged = FloatBuffer.allocate((int) slot.spec().elements());
                weights.parameters().values().read(slot.begin(), updated);
                ema.values().read(slot.begin(), averaged);
                int[] noise = noiseAlone(parameter, updated.capacity());
                compare(prefix + parameter, updated.array(), noise);
                compare(name + ".ema2." + parameter, averaged.array(), noise);
            });
        }

        /**
         * Elements, from and to, whose gradient is zero in exact arithmetic: Adam scales its rounding noise up. A
         * softmax does not see what all keys share, which is their bias, if they are neither normed nor turned.
         */
        private int[] noiseAlone(String parameter, int elements) {
            if (parameter.endsWith("cross_attn.kv_linear.bias")) {
                return new int[] {0, elements / 2};
            }
            if (parameter.endsWith(".attn.qkv.bias") && !config.qkNorm()) {
                return new int[] {elements / 3, elements / 3 * 2};
            }
            return new int[] {0, 0};
        }

        /**
         * Adam moves every element by about the learning rate, also one whose gradient is no more than rounding noise.
         * There are few of those.
         */
        private void compare(String tensor, float[] actual, int[] noise) {
            float[] expected = tensors.values(tensor);
            double allowed = GRADIENT * GoldenTensors.largest(expected);
            double learningRate = description.get("lr").asDouble();
            int noisy = 0;
            for (int i = 0; i < expected.length; i++) {
                double error = i >= noise[0] && i < noise[1] ? 0 : Math.abs(expected[i] - actual[i]);
                noisy += error > allowed ? 1 : 0;
                assertTrue(error <= Math.max(allowed, learningRate), tensor + "[" + i + "] is off by " + error);
            }
            assertTrue(
                    noisy <= Math.max(1, expected.length * 5e-3),
                    tensor + ": " + noisy + " of " + expected.length + " elements are off");
        }
    }
}
