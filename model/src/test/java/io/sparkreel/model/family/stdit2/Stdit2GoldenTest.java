// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.denoiser.BlockwiseBackward;
import io.sparkreel.model.denoiser.DenoiserInput;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.denoiser.TextBatch;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.optim.FlatGradients;
import io.sparkreel.model.optim.FlatParameters;
import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** STDiT2 against numbers produced by running the reference. */
@Golden
class Stdit2GoldenTest {
    private static final double FORWARD = 2e-5;
    private static final double GRADIENT = 1e-4;
    private static final double LOSS = 2e-4;
    private static final double ROUNDING = 1e-7;
    private static final Tensors HOST = Tensors.onHost();

    private static GoldenData golden;

    @BeforeAll
    static void start(GoldenData data) {
        golden = data;
        Torch.start(1);
    }

    /** A model with the golden weights, and the cases that belong to it. */
    private static final class Fixture implements AutoCloseable {
        final Stdit2Config config;
        final GoldenTensors weights;
        final GoldenTensors tensors;
        final FlatParameters parameters;
        final Stdit2 model;
        final float[] nullCaption;

        Fixture(String file) {
            JsonNode description = golden.json(file);
            String base = file.replace(".json", "");
            config = new ObjectMapper().convertValue(description.get("config"), Stdit2Config.class);
            weights = GoldenTensors.of(golden, base + ".weights.safetensors");
            tensors = GoldenTensors.of(golden, base + ".cases.safetensors");
            parameters = new FlatParameters(config.layout(), HOST);
            parameters
                    .layout()
                    .slots()
                    .forEach((name, slot) ->
                            parameters.values().write(slot.begin(), FloatBuffer.wrap(weights.values(name))));
            model = new Stdit2(config, parameters, HOST);
            nullCaption = weights.values("y_embedder.y_embedding");
        }

        DenoiserInput input(String name) {
            return input(name, tensors.tensor(name + ".in.x"), tensors.values(name + ".in.timestep"));
        }

        DenoiserInput input(String name, Tensor latent, float[] timestep) {
            String in = name + ".in.";
            TextBatch captions = captions(in);
            Tensor noised = null;
            if (tensors.has(in + "x_mask")) {
                long[] shape = tensors.shape(in + "x_mask");
                noised = HOST.of(tensors.values(in + "x_mask"), shape[0], shape[1], 1, 1);
            }
            return new DenoiserInput(
                    latent,
                    timestep,
                    captions,
                    noised,
                    new ClipFacts(
                            tensors.values(in + "num_frames"),
                            tensors.values(in + "height"),
                            tensors.values(in + "width"),
                            tensors.values(in + "ar"),
                            tensors.values(in + "fps")));
        }

        /** The reference drops captions by an id; without a mask all tokens count, and fewer masks than captions repeat. */
        private TextBatch captions(String in) {
            long[] y = tensors.shape(in + "y");
            int slots = (int) y[2];
            int width = (int) y[3];
            float[] values = tensors.values(in + "y");
            boolean[] every = new boolean[slots];
            Arrays.fill(every, true);
            boolean[] mask = tensors.has(in + "mask") ? flags(in + "mask") : every;
            boolean[] dropped = tensors.has(in + "drop_ids") ? flags(in + "drop_ids") : new boolean[(int) y[0]];
            List<float[]> features = new ArrayList<>();
            List<boolean[]> masks = new ArrayList<>();
            for (int b = 0; b < y[0]; b++) {
                int size = slots * width;
                features.add(dropped[b] ? nullCaption : Arrays.copyOfRange(values, b * size, (b + 1) * size));
                int row = b * slots % mask.length;
                masks.add(Arrays.copyOfRange(mask, row, row + slots));
            }
            return TextBatch.of(HOST, width, features, masks);
        }

        /** Expects the columns of some tensors, one beside the other. */
        void assertRows(Tensor actual, String... names) {
            Tensor expected = Kernels.instance()
                    .concatLast(Stream.of(names).map(tensors::tensor).toList());
            assertEquals(0, GoldenTensors.error(expected.floats(), actual.floats()), FORWARD, names[0]);
        }

        boolean[] flags(String name) {
            float[] values = tensors.values(name);
            boolean[] flags = new boolean[values.length];
            for (int i = 0; i < flags.length; i++) {
                flags[i] = values[i] != 0;
            }
            return flags;
        }

        @Override
        public void close() {
            parameters.close();
        }
    }

    private Stream<DynamicTest> cases(Predicate<JsonNode> selected, CaseBody body) {
        List<DynamicTest> tests = new ArrayList<>();
        for (String file : golden.files("stdit2_.*\\.json")) {
            golden.json(file).get("cases").properties().forEach(entry -> {
                if (selected.test(entry.getValue())) {
                    tests.add(DynamicTest.dynamicTest(file + " " + entry.getKey(), () -> {
                        try (Fixture fixture = new Fixture(file);
                                TensorScope scope = TensorScope.open()) {
                            body.run(fixture, entry.getKey(), entry.getValue());
                        }
                    }));
                }
            });
        }
        return tests.stream();
    }

    @FunctionalInterface
    private interface CaseBody {
        void run(Fixture fixture, String name, JsonNode description) throws Exception;
    }

    private static Predicate<JsonNode> kind(String... kinds) {
        return node -> List.of(kinds).contains(node.get("kind").asText());
    }

    @TestFactory
    Stream<DynamicTest> layoutHoldsEveryPublishedTensor() {
        return golden.files("stdit2_.*\\.json").stream()
                .map(file -> DynamicTest.dynamicTest(file, () -> {
                    try (Fixture fixture = new Fixture(file)) {
                        List<String> published = fixture.weights.entries().keySet().stream()
                                .filter(name -> !name.equals("rope.freqs") && !name.equals("y_embedder.y_embedding"))
                                .toList();
                        Map<String, ParameterLayout.Slot> slots =
                                fixture.parameters.layout().slots();
                        assertEquals(published, slots.keySet().stream().sorted().toList());
                        published.forEach(name -> assertEquals(
                                List.of(box(fixture.weights.shape(name))),
                                List.of(box(slots.get(name).spec().shape())),
                                name));
                    }
                }));
    }

    private static Object box(long[] shape) {
        return java.util.Arrays.stream(shape).boxed().toList();
    }

    @TestFactory
    Stream<DynamicTest> forward() {
        return cases(kind("forward", "train"), (fixture, name, description) -> {
            Tensor out = fixture.model.forward(fixture.input(name));
            fixture.tensors.assertClose(name + ".out", out.floats(), FORWARD);
        });
    }

    @TestFactory
    Stream<DynamicTest> intermediates() {
        return cases(kind("forward"), (fixture, name, description) -> {
            String mid = name + ".mid.";
            if (!fixture.tensors.has(mid + "t_block")) {
                return;
            }
            DenoiserInput input = fixture.input(name);
            Conditioning condition = fixture.model.condition(input, fixture.model.embeddings(input));
            fixture.tensors.assertClose(mid + "t_embedder", condition.timestep().floats(), FORWARD);
            fixture.tensors.assertClose(mid + "t_block", condition.spatial().floats(), FORWARD);
            fixture.tensors.assertClose(
                    mid + "t_block_temp", condition.temporal().floats(), FORWARD);
            Stdit2.Shared prepared = fixture.model.prepare(input);
            fixture.assertRows(prepared.information(), mid + "csize", mid + "ar");
            fixture.tensors.assertClose(mid + "pos_embed", prepared.position().floats(), FORWARD);
            Tensor length =
                    Kernels.instance().add(fixture.tensors.tensor(mid + "fl"), fixture.tensors.tensor(mid + "fps"));
            assertEquals(
                    0, GoldenTensors.error(length.floats(), prepared.length().floats()), FORWARD);
            Tensor tokens = fixture.model.embed(input);
            Tensor block = fixture.model.block(
                    0, tokens, fixture.model.text(input), condition, input, fixture.model.rotaryAngles(input));
            fixture.tensors.assertClose(mid + "block0", block.floats(), FORWARD);
        });
    }

    @TestFactory
    Stream<DynamicTest> guidance() {
        return cases(kind("cfg"), (fixture, name, description) -> {
            Kernels kernels = Kernels.instance();
            Tensor x = fixture.tensors.tensor(name + ".in.x");
            int n = (int) x.shape()[0] / 2;
            Tensor latent = kernels.repeatTwice(kernels.firstRows(x, n));
            float[] timestep = fixture.tensors.values(name + ".in.timestep");
            Tensor out = fixture.model.forward(fixture.input(name, latent, timestep));
            int channels = description.path("cfg_channel").asInt(fixture.config.inChannels());
            Tensor guided = kernels.guide(out, description.get("cfg_scale").asDouble(), channels);
            fixture.tensors.assertClose(name + ".out", guided.floats(), FORWARD);
        });
    }

    @TestFactory
    Stream<DynamicTest> gradients() {
        return cases(kind("forward"), (fixture, name, description) -> {
            if (!fixture.tensors.has(name + ".grad.loss")) {
                return;
            }
            checkGradients(fixture, name, false);
        });
    }

    @TestFactory
    Stream<DynamicTest> gradientsOfRecomputedBlocks() {
        return cases(kind("forward"), (fixture, name, description) -> {
            if (fixture.tensors.has(name + ".grad.loss")) {
                checkGradients(fixture, name, true);
            }
        });
    }

    private static void checkGradients(Fixture fixture, String name, boolean checkpoint) {
        Kernels kernels = Kernels.instance();
        try (FlatGradients gradients = new FlatGradients(fixture.parameters, HOST);
                TensorScope scope = TensorScope.open()) {
            Tensor latent = Autograd.leaf(fixture.tensors.tensor(name + ".in.x"));
            DenoiserInput input = fixture.input(name, latent, fixture.tensors.values(name + ".in.timestep"));
            Tensor weight = fixture.tensors.tensor(name + ".grad.loss_weight");
            float[] loss = new float[1];
            List<Integer> finished = new ArrayList<>();
            new BlockwiseBackward(fixture.model, checkpoint, false)
                    .run(
                            input,
                            out -> {
                                Tensor value = kernels.scaledSum(
                                        kernels.weightedSum(List.of(out), List.of(weight)),
                                        1 / Math.sqrt((double) out.elements()));
                                loss[0] = value.item();
                                return value;
                            },
                            finished::add);
            fixture.tensors.assertClose(name + ".grad.loss", loss, LOSS);
            fixture.tensors.assertClose(
                    name + ".grad.in.x", Autograd.gradient(latent).floats(), GRADIENT);
            // Where attention has but one key, the gradients of queries and keys are zero: all noise, which is measured
            // by the gradients of the others.
            double noise = ROUNDING * fixture.tensors.largestOf(name + ".grad.param.");
            fixture.parameters.layout().slots().forEach((parameter, slot) -> {
                FloatBuffer values = FloatBuffer.allocate((int) slot.spec().elements());
                gradients.values().read(slot.begin(), values);
                float[] expected = fixture.tensors.values(name + ".grad.param." + parameter);
                double allowed = GRADIENT * GoldenTensors.largest(expected) + noise;
                assertArrayEquals(expected, values.array(), (float) allowed, parameter);
            });
            assertEquals(fixture.parameters.layout().groups().size(), finished.size());
        }
    }
}
