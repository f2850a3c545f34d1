// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Schedule, losses and sampling trajectories against numbers produced by running the reference. */
@Golden
class IddpmGoldenTest {
    private static final double SCHEDULE = 1e-5;
    private static final double LOSS = 2e-4;
    private static final double TRAJECTORY = 2e-5;
    private static final Tensors HOST = Tensors.onHost();

    private JsonNode description;
    private GoldenTensors tensors;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    @BeforeEach
    void load(GoldenData golden) {
        description = golden.json("iddpm.json");
        tensors = GoldenTensors.of(golden, "iddpm.safetensors");
    }

    private static String respacing(JsonNode setting) {
        JsonNode argument = setting.get("arg");
        return argument.has("num_sampling_steps")
                ? argument.get("num_sampling_steps").asText()
                : argument.get("timestep_respacing").asText();
    }

    @TestFactory
    Stream<DynamicTest> schedules() {
        return description.get("respacing").properties().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    NoiseSchedule schedule = NoiseSchedule.linear(respacing(entry.getValue()));
                    assertEquals(entry.getValue().get("num_timesteps").asInt(), schedule.steps());
                    JsonNode kept = entry.getValue().get("timestep_map");
                    for (int i = 0; i < schedule.steps(); i++) {
                        assertEquals(kept.isArray() ? kept.get(i).asInt() : i, schedule.modelTime(i));
                    }
                    String prefix = "sched." + entry.getKey() + ".";
                    if (tensors.has(prefix + "betas")) {
                        check(prefix + "betas", schedule, schedule::beta);
                        check(prefix + "alphas_cumprod", schedule, schedule::alphaCumulative);
                        check(prefix + "sqrt_alphas_cumprod", schedule, schedule::signal);
                        check(prefix + "sqrt_one_minus_alphas_cumprod", schedule, schedule::sigma);
                        check(prefix + "sqrt_recip_alphas_cumprod", schedule, schedule::inverseSignal);
                        check(prefix + "sqrt_recipm1_alphas_cumprod", schedule, schedule::inverseSigma);
                        check(prefix + "posterior_variance", schedule, schedule::posteriorVariance);
                        check(prefix + "posterior_log_variance_clipped", schedule, schedule::posteriorLogVariance);
                        check(prefix + "posterior_mean_coef1", schedule, schedule::posteriorStart);
                        check(prefix + "posterior_mean_coef2", schedule, schedule::posteriorCurrent);
                    }
                }));
    }

    private void check(String name, NoiseSchedule schedule, IntToDoubleFunction value) {
        float[] actual = new float[schedule.steps()];
        float[] expected = tensors.values(name);
        for (int i = 0; i < actual.length; i++) {
            actual[i] = (float) value.applyAsDouble(i);
            assertEquals(expected[i], actual[i], SCHEDULE * Math.max(Math.abs(expected[i]), 1e-7), name + " " + i);
        }
    }

    @Test
    void betasInDoublePrecision() {
        float[] betas = new float[NoiseSchedule.TRAINING_STEPS];
        for (int i = 0; i < betas.length; i++) {
            betas[i] = (float) NoiseSchedule.linearBetas()[i];
        }
        assertArrayEquals(tensors.values("base.betas_f64"), betas);
    }

    @TestFactory
    Stream<DynamicTest> losses() {
        // The timesteps of iddpm-speed are IddpmSpeedGoldenTest's.
        return tensors.entries().keySet().stream()
                .filter(name -> name.matches("loss\\.\\w+\\.mse"))
                .map(name -> name.split("\\.")[1])
                .filter(option -> !option.equals("speed"))
                .map(option -> DynamicTest.dynamicTest(option, () -> {
                    try (TensorScope scope = TensorScope.open()) {
                        checkLoss(option);
                    }
                }));
    }

    private void checkLoss(String option) {
        String prefix = "loss." + option + ".";
        boolean respaced = option.matches("respaced\\d+");
        int[] steps = integers(respaced ? prefix + "t" : "loss.in.t");
        boolean[] mask = option.equals("mask") ? flags("loss.in.mask") : null;
        NoiseSchedule schedule = NoiseSchedule.linear(respaced ? option.substring("respaced".length()) : "");
        DiffusionLoss loss = new DiffusionLoss(schedule, option.equals("predict_xstart"), 1, HOST);
        DiffusionLoss.Batch batch =
                loss.noise(tensors.tensor("loss.in.x_start"), tensors.tensor("loss.in.noise"), steps, mask);
        Tensor output = Autograd.leaf(tensors.tensor("loss.in.model_output"));
        Tensor mean = Autograd.withGradients(() -> {
            DiffusionLoss.Terms terms = loss.terms(output, batch);
            tensors.assertClose(prefix + "mse", terms.squaredError().floats(), LOSS);
            tensors.assertClose(prefix + "vb", terms.variationalBound().floats(), LOSS);
            tensors.assertClose(prefix + "loss", terms.total().floats(), LOSS);
            return Kernels.instance().scaledSum(terms.total(), 1.0 / steps.length);
        });
        if (tensors.has(prefix + "x_t")) {
            tensors.assertClose(prefix + "x_t", batch.noised().floats(), SCHEDULE);
        }
        if (tensors.has(prefix + "grad_model_output_of_mean_loss")) {
            Autograd.backward(mean, HOST.scalar(1));
            tensors.assertClose(
                    prefix + "grad_model_output_of_mean_loss",
                    Autograd.gradient(output).floats(),
                    LOSS);
        }
        if (respaced) {
            int[] modelTimes = integers(prefix + "model_t");
            for (int b = 0; b < steps.length; b++) {
                assertEquals(modelTimes[b], schedule.modelTime(steps[b]));
            }
        }
    }

    @Test
    void theVariationalBoundIsWeighted() {
        try (TensorScope scope = TensorScope.open()) {
            DiffusionLoss loss = new DiffusionLoss(NoiseSchedule.linear(""), false, 0.25, HOST);
            DiffusionLoss.Batch batch = loss.noise(
                    tensors.tensor("loss.in.x_start"), tensors.tensor("loss.in.noise"), integers("loss.in.t"), null);
            float[] total = loss.terms(tensors.tensor("loss.in.model_output"), batch)
                    .total()
                    .floats();
            for (int b = 0; b < total.length; b++) {
                float expected = tensors.values("loss.nomask.mse")[b] + 0.25f * tensors.values("loss.nomask.vb")[b];
                assertEquals(expected, total[b], LOSS * expected);
            }
        }
    }

    @Test
    void aSampleAllOfWhoseFramesAreGivenHasNoLoss() {
        try (TensorScope scope = TensorScope.open()) {
            DiffusionLoss loss = new DiffusionLoss(NoiseSchedule.linear(""), false, 1, HOST);
            int[] times = integers("loss.in.t");
            int frames = (int) tensors.tensor("loss.in.x_start").shape()[2];
            boolean[] mask = new boolean[times.length * frames];
            mask[frames] = true; // a frame of the second sample
            DiffusionLoss.Batch batch =
                    loss.noise(tensors.tensor("loss.in.x_start"), tensors.tensor("loss.in.noise"), times, mask);
            float[] total = loss.terms(tensors.tensor("loss.in.model_output"), batch)
                    .total()
                    .floats();
            for (int b = 0; b < total.length; b++) {
                assertTrue(b == 1 ? total[b] > 0 : total[b] == 0, b + ": " + total[b]);
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> trajectories() {
        return description.get("sampling").properties().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    try (TensorScope scope = TensorScope.open()) {
                        checkTrajectory("sampling." + entry.getKey() + ".", entry.getValue());
                    }
                }));
    }

    private void checkTrajectory(String prefix, JsonNode setting) {
        Tensor z = tensors.tensor(prefix + "z");
        int channels = (int) z.shape()[1];
        int rows = (int) z.shape()[0];
        JsonNode guided = setting.get("cfg_channel");
        Sampler.Guidance guidance = new Sampler.Guidance(
                setting.get("cfg_scale").asDouble(), guided == null || guided.isNull() ? channels : guided.asInt());
        NoiseSchedule schedule =
                NoiseSchedule.linear(setting.get("num_sampling_steps").asText());
        StubModel model = new StubModel(prefix, rows);
        int[] draws = {0};
        float[] mask = tensors.has(prefix + "mask") ? tensors.values(prefix + "mask") : null;
        Tensor out = new AncestralSampler(schedule, false, HOST)
                .sample(
                        model,
                        z,
                        guidance,
                        mask,
                        // The recorded noise is of the doubled batch, whose second half has no influence on the first.
                        () -> Kernels.instance()
                                .firstRows(tensors.tensor(prefix + "noise." + String.format("%02d", draws[0]++)), rows),
                        done -> {});
        tensors.assertClose(prefix + "out", out.floats(), TRAJECTORY);
        assertEquals(
                setting.get("num_sampling_steps").asInt()
                        * setting.get("noise_draws_per_step").asInt(),
                draws[0]);
        List<Integer> times = new ArrayList<>();
        setting.get("model_timesteps").forEach(time -> times.add(time.asInt()));
        assertEquals(times, model.times);
        for (int step = 0; step < times.size(); step++) {
            JsonNode expected = setting.get("x_mask_per_step").get(step);
            assertEquals(expected.isNull(), model.masks.get(step) == null);
            int i = 0;
            for (JsonNode row : expected) {
                for (JsonNode flag : row) {
                    assertEquals(flag.asInt(), model.masks.get(step)[i++], "mask of step " + step);
                }
            }
        }
    }

    /** eps = c0 x + c1 mean(y) + c2 t / 1000 + c3 (1 - x_mask), variance 0.5 tanh(x). */
    private final class StubModel implements Sampler.Prediction {
        final List<Integer> times = new ArrayList<>();
        final List<float[]> masks = new ArrayList<>();
        private final double[] c = new double[4];
        private final double[] captionMean;

        StubModel(String prefix, int rows) {
            for (int i = 0; i < 4; i++) {
                c[i] = description.get("stub_model").get("coef").get(i).asDouble();
            }
            float[] y = tensors.values(prefix + "y");
            float[] none = tensors.values(prefix + "y_null");
            captionMean = new double[2 * rows];
            for (int b = 0; b < rows; b++) {
                captionMean[b] = mean(Arrays.copyOfRange(y, b * none.length, (b + 1) * none.length));
                captionMean[rows + b] = mean(none);
            }
        }

        private static double mean(float[] values) {
            double sum = 0;
            for (float value : values) {
                sum += value;
            }
            return sum / values.length;
        }

        @Override
        public Tensor at(Tensor latents, float modelTime, Tensor noised) {
            times.add((int) modelTime);
            masks.add(noised == null ? null : noised.floats());
            long[] shape = latents.shape();
            float[] x = latents.floats();
            int sample = x.length / (int) shape[0];
            int perFrame = (int) (shape[3] * shape[4]);
            int frames = (int) shape[2];
            float[] out = new float[2 * x.length];
            for (int b = 0; b < shape[0]; b++) {
                for (int i = 0; i < sample; i++) {
                    int t = i / perFrame % frames;
                    double given = noised == null ? 0 : 1 - masks.get(masks.size() - 1)[b * frames + t];
                    float value = x[b * sample + i];
                    out[b * 2 * sample + i] =
                            (float) (c[0] * value + c[1] * captionMean[b] + c[2] * modelTime / 1000 + c[3] * given);
                    out[b * 2 * sample + sample + i] = (float) (0.5 * Math.tanh(value));
                }
            }
            return HOST.of(out, shape[0], 2 * shape[1], shape[2], shape[3], shape[4]);
        }
    }

    private int[] integers(String name) {
        float[] values = tensors.values(name);
        int[] integers = new int[values.length];
        for (int i = 0; i < integers.length; i++) {
            integers[i] = (int) values[i];
        }
        return integers;
    }

    private boolean[] flags(String name) {
        float[] values = tensors.values(name);
        boolean[] flags = new boolean[values.length];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = values[i] != 0;
        }
        assertTrue(flags.length > 0);
        return flags;
    }
}
