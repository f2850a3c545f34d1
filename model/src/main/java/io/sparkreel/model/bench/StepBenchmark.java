// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.LatentShape;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.command.Program;
import io.sparkreel.model.family.Cost;
import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import io.sparkreel.model.train.MicroBatch;
import io.sparkreel.model.train.ModelWeights;
import io.sparkreel.model.train.Trainer;
import io.sparkreel.model.train.TrainerOptions;
import java.io.IOException;
import java.util.List;

/**
 * Measures training steps with random weights on random clips, in this process alone: the steps of a training job, on
 * one micro-batch and without an EMA. Prints one line of JSON.
 */
public final class StepBenchmark implements AutoCloseable {
    private static final long SEED = 42;
    private static final double NANOSECONDS = 1e9;
    private static final int PIXELS = 8; // of one latent row or column

    private final ModelWeights weights;
    private final Trainer trainer;
    private final MicroBatch clips;

    private StepBenchmark(StepOptions arguments, Tensors tensors) {
        weights = new ModelWeights(arguments.config(), tensors);
        weights.initialise(SEED);
        trainer = new Trainer(
                TrainerOptions.of(BenchmarkModel.process(arguments.config()), SEED)
                        .withOptimizer(OptimizerOptions.REFERENCE.withoutEma())
                        .withComputation(arguments.precision(), arguments.checkpoint()),
                weights,
                tensors,
                new SingleProcess());
        LatentShape latent = arguments.shape().latent();
        clips = new RandomClips(SEED, arguments.shape().textTokens(), BenchmarkModel.TEXT_WIDTH)
                .microBatch(
                        "all",
                        latent,
                        latent.frames(),
                        PIXELS * latent.height(),
                        PIXELS * latent.width(),
                        0,
                        arguments.shape().clips());
    }

    /** @param words see {@code submit/bench --help} */
    public static void main(String[] words) throws Exception {
        Program.run(() -> System.out.println(measure(StepOptions.parse(words))));
    }

    /** Runs the steps; the keys are those of the line that is printed. */
    static Report measure(StepOptions arguments) throws IOException {
        Torch.start(arguments.threads());
        Cost cost = arguments.config().cost(arguments.precision(), arguments.checkpoint());
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
            Report report = new Report("step");
            report.put("mean_s", mean);
            report.put("min_s", shortest);
            report.put("cpu_s_per_step", (ProcessUsage.processorSeconds() - processor) / arguments.steps());
            report.put("tokens_per_s", cost.tokens(arguments.shape()) / mean);
            report.put("tflops", cost.trainingStep(arguments.shape()) / mean / 1e12);
            report.put("peak_rss_mib", ProcessUsage.peakMebibytes(device));
            report.put("peak_rss_before_mib", before);
            report.put("loss", lastLoss);
            report.put("parameters", benchmark.weights.parameters().layout().elements());
            report.put("device", device.device());
            return report.settings(arguments);
        }
    }

    /** Takes one step and returns its loss, once the device has finished. */
    private double step(int index) {
        MicroBatch drawn = clips.inEpoch(index); // other noise and timesteps
        double loss =
                trainer.step(index, List.of(drawn), drawn.samples().size()).loss();
        try (TensorScope scope = TensorScope.open()) { // reading one number makes a GPU finish all it was given
            Kernels.instance()
                    .sliceFlat(weights.parameters().values().tensor(), 0, 1, 1)
                    .item();
        }
        return loss;
    }

    @Override
    public void close() {
        trainer.close();
        weights.close();
    }
}
