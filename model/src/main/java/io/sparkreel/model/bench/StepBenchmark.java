// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.diffusion.DiffusionLoss;
import io.sparkreel.model.diffusion.NoiseSchedule;
import io.sparkreel.model.stdit.BlockwiseBackward;
import io.sparkreel.model.stdit.Captions;
import io.sparkreel.model.stdit.ParameterLayout;
import io.sparkreel.model.stdit.Stdit2;
import io.sparkreel.model.stdit.Stdit2Config;
import io.sparkreel.model.stdit.Stdit2Flops;
import io.sparkreel.model.stdit.Stdit2Input;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.AdamW;
import io.sparkreel.model.train.FlatGradients;
import io.sparkreel.model.train.FlatParameters;
import io.sparkreel.model.train.GradientClip;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Measures training steps of an STDiT2 with random weights on random clips, in this process alone: noising, forward,
 * loss, backward, clip, AdamW. Prints one line of JSON.
 */
public final class StepBenchmark implements AutoCloseable {
    private static final int TRAINING_STEPS = NoiseSchedule.TRAINING_STEPS;
    private static final long SEED = 42;
    private static final double LEARNING_RATE = 2e-5;
    private static final double NANOSECONDS = 1e9;

    private final BenchmarkArguments arguments;
    private final Stdit2Config config;
    private final Tensors tensors;
    private final FlatParameters parameters;
    private final FlatGradients gradients;
    private final AdamW optimizer;
    private final BlockwiseBackward backward;
    private final DiffusionLoss loss;
    private final float[] latents; // [B, C, T, H, W]
    private final List<float[]> text; // B times [L, W]
    private final float[] nullCaption; // [L, W]
    private final List<boolean[]> masks; // B times [L]

    private StepBenchmark(BenchmarkArguments arguments, Tensors tensors) {
        this.arguments = arguments;
        this.tensors = tensors;
        config = arguments.config();
        parameters = new FlatParameters(ParameterLayout.of(config), tensors);
        parameters.initialise(SEED);
        gradients = new FlatGradients(parameters, tensors);
        optimizer =
                new AdamW(AdamW.Options.REFERENCE, tensors, parameters.layout().elements());
        Stdit2 model = new Stdit2(config, parameters::tensor, tensors, arguments.precision());
        backward = new BlockwiseBackward(model, arguments.checkpoint());
        loss = new DiffusionLoss(NoiseSchedule.linear(""), false, 1, tensors);
        Stdit2Flops.Shape shape = arguments.shape();
        int captionSize = shape.textTokens() * config.captionChannels();
        latents = normal(
                Math.toIntExact(Arrays.stream(latentShape()).reduce(1, Math::multiplyExact)), 0, Purpose.LATENT_NOISE);
        text = IntStream.range(0, shape.batch())
                .mapToObj(b -> normal(captionSize, b, Purpose.WORD_VECTOR))
                .toList();
        nullCaption = normal(captionSize, 0, Purpose.INITIALISATION);
        boolean[] all = new boolean[shape.textTokens()];
        Arrays.fill(all, true);
        masks = Collections.nCopies(shape.batch(), all);
    }

    private static float[] normal(int count, int index, Purpose purpose) {
        float[] values = new float[count];
        KeyedRandom.of(SEED, 0, index, purpose).fillNormal(values, 0, count);
        return values;
    }

    private long[] latentShape() {
        Stdit2Flops.Shape shape = arguments.shape();
        return new long[] {
            shape.batch(), BenchmarkArguments.LATENT_CHANNELS, shape.frames(), shape.height(), shape.width()
        };
    }

    /** @param words see {@code submit/bench --help} */
    public static void main(String[] words) throws IOException {
        try {
            BenchmarkArguments arguments = BenchmarkArguments.parse(words);
            Map<String, Object> report = measure(arguments);
            Machine.describe(report, "step", words);
            System.out.println(new ObjectMapper().writeValueAsString(report));
        } catch (InvalidInputException e) {
            System.err.println("sparkreel: " + e.getMessage());
            System.exit(2);
        }
    }

    /** Runs the steps; the keys are those of the line that is printed. */
    static Map<String, Object> measure(BenchmarkArguments arguments) throws IOException {
        Torch.start(arguments.threads());
        Stdit2Flops flops = new Stdit2Flops(arguments.config());
        Tensors device = Torch.fastestDevice();
        double before = ProcessUsage.peakMebibytes(device);
        try (StepBenchmark benchmark = new StepBenchmark(arguments, device)) {
            for (int i = 0; i < arguments.warmup(); i++) {
                benchmark.step(i);
            }
            double total = 0;
            double shortest = Double.POSITIVE_INFINITY;
            double processor = ProcessUsage.processorSeconds();
            double lastLoss = 0;
            for (int i = 0; i < arguments.steps(); i++) {
                long begin = System.nanoTime();
                lastLoss = benchmark.step(arguments.warmup() + i);
                double seconds = (System.nanoTime() - begin) / NANOSECONDS;
                total += seconds;
                shortest = Math.min(shortest, seconds);
            }
            double mean = total / arguments.steps();
            Map<String, Object> report = new LinkedHashMap<>();
            report.put("benchmark", "step");
            report.put("mean_s", mean);
            report.put("min_s", shortest);
            report.put("cpu_s_per_step", (ProcessUsage.processorSeconds() - processor) / arguments.steps());
            report.put("tokens_per_s", flops.tokens(arguments.shape()) / mean);
            report.put("tflops", flops.trainingStep(arguments.shape()) / mean / 1e12);
            report.put("peak_rss_mib", ProcessUsage.peakMebibytes(device));
            report.put("peak_rss_before_mib", before);
            report.put("loss", lastLoss);
            report.put("parameters", benchmark.parameters.layout().elements());
            report.put("device", device.device());
            arguments.describe(report);
            return report;
        }
    }

    /** Takes one step and returns its loss, once the device has finished. */
    private double step(int index) {
        gradients.clear();
        double[] mean = new double[1];
        int batch = arguments.shape().batch();
        try (TensorScope scope = TensorScope.open()) {
            float[] noise = new float[latents.length];
            int[] timesteps = new int[batch];
            boolean[] dropped = new boolean[batch];
            for (int b = 0; b < batch; b++) {
                int size = noise.length / batch;
                KeyedRandom.of(SEED, index, b, Purpose.NOISE).fillNormal(noise, b * size, size);
                timesteps[b] = KeyedRandom.of(SEED, index, b, Purpose.TIMESTEP).nextInt(TRAINING_STEPS);
                double u = KeyedRandom.of(SEED, index, b, Purpose.TEXT_DROPOUT).nextDouble();
                dropped[b] = u < config.classDropoutProbability();
            }
            DiffusionLoss.Batch question =
                    loss.noise(tensors.of(latents, latentShape()), tensors.of(noise, latentShape()), timesteps, null);
            backward.run(
                    input(question, dropped),
                    output -> {
                        DiffusionLoss.Terms terms = loss.terms(output, question);
                        for (float term : terms.total().floats()) {
                            mean[0] += term / batch;
                        }
                        return Kernels.instance().scaledSum(terms.total(), 1.0 / batch);
                    },
                    group -> {});
        }
        GradientClip.apply(gradients.values(), 1);
        optimizer.update(parameters, gradients, LEARNING_RATE);
        waitForDevice();
        return mean[0];
    }

    private Stdit2Input input(DiffusionLoss.Batch question, boolean[] dropped) {
        Stdit2Flops.Shape shape = arguments.shape();
        float[] times = new float[shape.batch()];
        for (int b = 0; b < times.length; b++) {
            times[b] = question.steps()[b];
        }
        List<float[]> told = IntStream.range(0, dropped.length)
                .mapToObj(b -> dropped[b] ? nullCaption : text.get(b))
                .toList();
        Captions captions = Captions.of(tensors, config.captionChannels(), told, masks);
        int pixels = 8; // of one latent row or column
        return new Stdit2Input(
                question.noised(),
                times,
                captions,
                null,
                new Stdit2Input.ClipSize(
                        filled(shape.frames()),
                        filled(pixels * shape.height()),
                        filled(pixels * shape.width()),
                        filled((float) shape.width() / shape.height()),
                        filled(24)));
    }

    private float[] filled(float value) {
        float[] values = new float[arguments.shape().batch()];
        Arrays.fill(values, value);
        return values;
    }

    /** Reading one number makes a GPU finish all it was given. */
    private void waitForDevice() {
        try (TensorScope scope = TensorScope.open()) {
            Kernels.instance().sliceFlat(parameters.values().tensor(), 0, 1, 1).item();
        }
    }

    @Override
    public void close() {
        optimizer.close();
        gradients.close();
        parameters.close();
    }
}
