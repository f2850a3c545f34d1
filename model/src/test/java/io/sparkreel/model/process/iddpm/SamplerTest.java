// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.golden.GoldenTensors;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The deterministic samplers, against recorded numbers and against problems with a known solution. */
class SamplerTest {
    private static final Tensors HOST = Tensors.onHost();
    private static final NoiseSchedule WHOLE = NoiseSchedule.linear("");
    private static final Sampler.Guidance NONE = new Sampler.Guidance(1, 1);

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /** Guess of the clean latent, one number at a time. */
    private interface Guess {
        double of(double x, double signal, double sigma);
    }

    /** A model of one channel that guesses every number by itself, and says it as noise or as the clean latent. */
    private static Sampler.Prediction model(Guess guess, boolean predictXstart) {
        return (latents, time, noised) -> {
            float[] x = latents.floats();
            long[] shape = latents.shape();
            double signal = WHOLE.signal((int) time);
            double sigma = WHOLE.sigma((int) time);
            int sample = x.length / (int) shape[0];
            float[] out = new float[2 * x.length];
            for (int i = 0; i < x.length; i++) {
                double start = guess.of(x[i], signal, sigma);
                out[i + i / sample * sample] = (float) (predictXstart ? start : (x[i] - signal * start) / sigma);
            }
            return HOST.of(out, shape[0], 2, shape[2], shape[3], shape[4]);
        };
    }

    private static Sampler sampler(String name, int steps, boolean predictXstart) {
        NoiseSchedule schedule = NoiseSchedule.linear(Integer.toString(steps));
        return name.equals("ddim")
                ? new DdimSampler(schedule, predictXstart, HOST)
                : new DpmSolverSampler(schedule, predictXstart, HOST);
    }

    private static float[] sample(Sampler sampler, Sampler.Prediction model, float[] start, float[] mask) {
        long before = Tensor.liveCount();
        try (TensorScope scope = TensorScope.open()) {
            long[] shape = {1, 1, start.length, 1, 1};
            float[] ones = new float[start.length];
            Arrays.fill(ones, 1);
            List<Integer> progress = new ArrayList<>();
            Tensor first = HOST.of(start, shape);
            Tensor result = sampler.sample(model, first, NONE, mask, () -> HOST.of(ones, shape), progress::add);
            float[] values = result.floats();
            result.close();
            first.close();
            assertEquals(before, Tensor.liveCount());
            assertEquals(progress.size(), progress.get(progress.size() - 1));
            return values;
        }
    }

    /**
     * Clips drawn from N(mean, deviation^2): the best guess is linear in x, and the ordinary differential equation that
     * DDIM and DPM-Solver follow keeps (x - signal mean) / sqrt(signal^2 deviation^2 + sigma^2) constant.
     */
    private static final class Gaussian {
        final double mean = 0.7;
        final double deviation = 0.5;

        double spread(double signal, double sigma) {
            return Math.sqrt(signal * signal * deviation * deviation + sigma * sigma);
        }

        double guess(double x, double signal, double sigma) {
            double spread = spread(signal, sigma);
            return mean + signal * deviation * deviation / (spread * spread) * (x - signal * mean);
        }

        /** What an exact solver makes of x at the last timestep, with the usual last step to the guess. */
        double solution(double x) {
            int last = NoiseSchedule.TRAINING_STEPS - 1;
            double start = (x - WHOLE.signal(last) * mean) / spread(WHOLE.signal(last), WHOLE.sigma(last));
            double end = WHOLE.signal(0) * mean + spread(WHOLE.signal(0), WHOLE.sigma(0)) * start;
            return guess(end, WHOLE.signal(0), WHOLE.sigma(0));
        }

        double error(String sampler, int steps, boolean predictXstart) {
            float[] start = {-1.5f, -0.3f, 0, 0.8f, 2};
            float[] found =
                    sample(sampler(sampler, steps, predictXstart), model(this::guess, predictXstart), start, null);
            double worst = 0;
            for (int i = 0; i < start.length; i++) {
                worst = Math.max(worst, Math.abs(found[i] - solution(start[i])));
            }
            return worst;
        }
    }

    @Test
    void ddimIsOfFirstOrderAndDpmSolverOfSecond() {
        Gaussian gaussian = new Gaussian();
        for (boolean predictXstart : new boolean[] {false, true}) {
            double[] ddim = {gaussian.error("ddim", 25, predictXstart), gaussian.error("ddim", 50, predictXstart)};
            double[] dpm = {gaussian.error("dpm", 25, predictXstart), gaussian.error("dpm", 50, predictXstart)};
            String found = "ddim " + Arrays.toString(ddim) + " dpm-solver " + Arrays.toString(dpm);
            assertTrue(ddim[0] / ddim[1] > 1.6 && ddim[0] / ddim[1] < 2.6, found);
            assertTrue(dpm[0] / dpm[1] > 3, found);
            assertTrue(dpm[0] < ddim[0] / 4 && dpm[1] < ddim[1] / 10, found);
            assertTrue(gaussian.error("ddim", 1000, predictXstart) < 5e-3, found);
        }
    }

    /** If all clips are the same one, every step is exact. */
    @Test
    void aSingleClipIsFoundFromAnywhere() {
        for (String name : List.of("ddim", "dpm")) {
            float[] found = sample(
                    sampler(name, 7, false), model((x, signal, sigma) -> 0.3, false), new float[] {-3, 0, 5}, null);
            assertArrayEquals(new float[] {0.3f, 0.3f, 0.3f}, found, 2e-5f, name);
        }
    }

    @Test
    void fewStepsOfDpmSolverComeCloserToManyOfDdim() {
        Guess twoKinds = (x, signal, sigma) -> { // clips are N(-1, 1/4) or N(1, 1/4)
            double variance = signal * signal / 4 + sigma * sigma;
            double kind = Math.tanh(x * signal / variance);
            return kind + signal / 4 / variance * (x - signal * kind);
        };
        float[] start = {-1.1f, -0.2f, 0.1f, 0.5f, 1.7f};
        float[] limit = sample(sampler("ddim", 1000, false), model(twoKinds, false), start, null);
        double dpm = distance(limit, sample(sampler("dpm", 20, false), model(twoKinds, false), start, null));
        double ddim = distance(limit, sample(sampler("ddim", 20, false), model(twoKinds, false), start, null));
        assertTrue(dpm < ddim / 2 && dpm < 0.1, "dpm-solver " + dpm + ", ddim " + ddim);
    }

    private static double distance(float[] a, float[] b) {
        double worst = 0;
        for (int i = 0; i < a.length; i++) {
            worst = Math.max(worst, Math.abs(a[i] - b[i]));
        }
        return worst;
    }

    /** Frames: generated, kept, edited from half of the schedule on. */
    @Test
    void framesOfAMaskJoinTheWalkWhereItSays() {
        Gaussian gaussian = new Gaussian();
        float[] start = {1.2f, 0.4f, 0.4f};
        for (String name : List.of("ddim", "dpm")) {
            Sampler sampler = sampler(name, 10, false);
            Sampler.Prediction model = model(gaussian::guess, false);
            List<String> masks = new ArrayList<>();
            float[] found = sample(
                    sampler,
                    (latents, time, noised) -> {
                        masks.add(Arrays.toString(Arrays.copyOf(noised.floats(), 3)));
                        return model.at(latents, time, noised);
                    },
                    start,
                    new float[] {1, 0, 0.5f});
            assertEquals(sample(sampler, model, start, null)[0], found[0], 1e-6f, name);
            double kept = WHOLE.signal(0) * start[1] + WHOLE.sigma(0);
            assertEquals(gaussian.guess(kept, WHOLE.signal(0), WHOLE.sigma(0)), found[1], 1e-5, name);
            assertEquals(edited(name, gaussian, start[2]), found[2], 1e-5, name);
            assertEquals("[1.0, 0.0, 0.0]", masks.get(4));
            assertEquals("[1.0, 0.0, 1.0]", masks.get(5));
        }
    }

    /** A frame noised at step 5 of 10 and denoised from there on, in double precision. */
    private static double edited(String name, Gaussian gaussian, double value) {
        NoiseSchedule schedule = NoiseSchedule.linear("10");
        double x = schedule.signal(5) * value + schedule.sigma(5);
        double before = 0;
        for (int i = 5; i >= 0; i--) {
            double start = gaussian.guess(x, schedule.signal(i), schedule.sigma(i));
            if (i == 0) {
                return start;
            }
            double ratio = (double) schedule.sigma(i - 1) / schedule.sigma(i);
            double direction = start;
            if (name.equals("dpm") && i < 4 && i > 1) { // after one step as a given frame and one as a noised one
                direction += logRatio(schedule, i - 1, i) / (2 * logRatio(schedule, i, i + 1)) * (start - before);
            }
            x = ratio * x + (schedule.signal(i - 1) - ratio * schedule.signal(i)) * direction;
            before = start;
        }
        throw new AssertionError();
    }

    private static double logRatio(NoiseSchedule schedule, int next, int step) {
        return Math.log((double) schedule.signal(next) / schedule.sigma(next))
                - Math.log((double) schedule.signal(step) / schedule.sigma(step));
    }

    /** eps = c0 x + c2 t / 1000, four steps. */
    @Test
    @Golden
    void ddimTrajectory(GoldenData golden) {
        GoldenTensors tensors = GoldenTensors.of(golden, "iddpm.safetensors");
        assumeTrue(tensors.has("ddim.out"));
        JsonNode c = golden.json("iddpm.json").get("stub_model").get("coef");
        try (TensorScope scope = TensorScope.open()) {
            Tensor z = tensors.tensor("ddim.z");
            Sampler.Prediction model = (latents, time, noised) -> {
                float[] x = latents.floats();
                long[] shape = latents.shape();
                int sample = x.length / (int) shape[0];
                float[] out = new float[2 * x.length];
                for (int i = 0; i < x.length; i++) {
                    out[i + i / sample * sample] =
                            (float) (c.get(0).asDouble() * x[i] + c.get(2).asDouble() * time / 1000);
                }
                return HOST.of(out, shape[0], 2 * shape[1], shape[2], shape[3], shape[4]);
            };
            Tensor out = sampler("ddim", 4, false)
                    .sample(
                            model,
                            z,
                            new Sampler.Guidance(1, 4),
                            null,
                            () -> {
                                throw new AssertionError("nothing is drawn");
                            },
                            done -> {});
            tensors.assertClose("ddim.out", out.floats(), 2e-5);
        }
    }
}
