// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.command.Program;
import io.sparkreel.model.family.Cost;
import io.sparkreel.model.generate.ClipShape;
import io.sparkreel.model.generate.LatentGenerator;
import io.sparkreel.model.generate.LatentRequest;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.ModelWeights;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures denoising steps of a model with random weights, in this process alone: each is one pass over the captions
 * of a batch and as many null captions, guidance, and the move to the next latents. Prints one line of JSON.
 */
public final class SampleBenchmark {
    private static final long SEED = 42;
    private static final int PIXELS = 8; // of one latent row or column
    private static final double NANOSECONDS = 1e9;

    private SampleBenchmark() {}

    /** @param words see {@code submit/bench --help} */
    public static void main(String[] words) throws Exception {
        Program.run(() -> System.out.println(measure(StepOptions.parse(words))));
    }

    /** Draws once to warm up and once to measure; the keys are those of the line that is printed. */
    static Report measure(StepOptions arguments) throws IOException {
        if (arguments.checkpoint()) {
            throw new InvalidInputException("Cannot measure sampling: --checkpoint is given, but sampling keeps no"
                    + " activations anyway. Leave it away.");
        }
        Torch.start(arguments.threads());
        Tensors tensors = Torch.fastestDevice();
        try (ModelWeights weights = new ModelWeights(arguments.config(), tensors)) {
            weights.initialise(SEED);
            draw(arguments, arguments.warmup(), weights, tensors);
            double processor = ProcessUsage.processorSeconds();
            double[] seconds = draw(arguments, arguments.steps(), weights, tensors);
            processor = ProcessUsage.processorSeconds() - processor;
            double mean = Arrays.stream(seconds).average().orElseThrow();
            Cost cost = arguments.config().cost(arguments.precision(), false);
            BatchShape shape = arguments.shape();
            BatchShape guided = new BatchShape(2 * shape.clips(), shape.latent(), shape.textTokens());
            Report report = new Report("sample");
            report.put("mean_s", mean);
            report.put("min_s", Arrays.stream(seconds).min().orElseThrow());
            report.put("cpu_s_per_step", processor / arguments.steps());
            report.put("tokens_per_s", cost.tokens(guided) / mean);
            report.put("tflops", cost.forward(guided) / mean / 1e12);
            report.put("peak_rss_mib", ProcessUsage.peakMebibytes(tensors));
            report.put("parameters", weights.parameters().layout().elements());
            report.put("device", tensors.device());
            return report.settings(arguments);
        }
    }

    /** Seconds of each step; the first takes with it what all share. */
    private static double[] draw(StepOptions arguments, int steps, ModelWeights weights, Tensors tensors) {
        Sampler sampler = BenchmarkModel.process(arguments.config()).sampler("iddpm", steps, tensors);
        LatentGenerator generator = new LatentGenerator(
                weights.model(tensors, arguments.precision()),
                weights.nullCaption(),
                sampler,
                new Sampler.Guidance(7, 3));
        LatentShape shape = arguments.shape().latent();
        ClipShape clip = new ClipShape(shape.frames(), PIXELS * shape.height(), PIXELS * shape.width(), 24, false);
        double[] seconds = new double[steps];
        long[] last = {System.nanoTime()};
        generator.sample(requests(arguments), clip, shape, done -> {
            waitForDevice(weights);
            long now = System.nanoTime();
            seconds[done - 1] = (now - last[0]) / NANOSECONDS;
            last[0] = now;
        });
        return seconds;
    }

    private static List<LatentRequest> requests(StepOptions arguments) {
        RandomClips clips = new RandomClips(SEED, arguments.shape().textTokens(), BenchmarkModel.TEXT_WIDTH);
        List<LatentRequest> requests = new ArrayList<>();
        for (int prompt = 0; prompt < arguments.shape().clips(); prompt++) {
            requests.add(
                    new LatentRequest(TextFeatures.single(clips.text(prompt), clips.mask()), SEED, prompt, 0, 0, null));
        }
        return requests;
    }

    /** Reading one number makes a GPU finish all it was given. */
    private static void waitForDevice(ModelWeights weights) {
        try (TensorScope scope = TensorScope.open()) {
            Kernels.instance()
                    .sliceFlat(weights.parameters().values().tensor(), 0, 1, 1)
                    .item();
        }
    }
}
