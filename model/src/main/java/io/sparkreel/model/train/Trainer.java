// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.FlatRange;
import io.sparkreel.model.collective.Work;
import io.sparkreel.model.denoiser.BlockwiseBackward;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.family.Cost;
import io.sparkreel.model.metrics.StepMetrics;
import io.sparkreel.model.metrics.StepMetrics.Phase;
import io.sparkreel.model.optim.AdamW;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.FlatGradients;
import io.sparkreel.model.optim.FlatParameters;
import io.sparkreel.model.optim.GradientClip;
import io.sparkreel.model.optim.Shard;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.Terms;
import io.sparkreel.model.torch.HostMemory;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * One rank of a training run.
 *
 * <p>A step's gradient is the mean over all its samples, whichever rank computed them. Each group of
 * parameters is reduced over the ranks as soon as the backward pass of the rank's last micro-batch leaves it,
 * while earlier blocks still compute. All ranks then hold the same gradient to the bit, and take the same
 * update.
 */
public final class Trainer implements AutoCloseable {
    private final TrainerOptions options;
    private final ModelWeights weights;
    private final Collective collective;
    private final Tensors tensors;
    private final StepMetrics metrics = new StepMetrics();
    private final Cost cost;
    private final Denoiser model;
    private final TrainingInputs inputs;
    private final Draws draws;
    private final Validation validation;
    private final BlockwiseBackward backward;
    private final FlatGradients gradients;
    private final AdamW optimizer;
    private final Ema ema;
    private final GatheredEma gatheredEma;
    private final boolean sharded;
    private final Shard own;
    /** Gradients of each group. */
    private final List<FlatRange> ranges = new ArrayList<>();
    /** Gradients of which this rank takes the norm: its own part, without sharding those of all ranks. */
    private final List<List<Tensor>> normed = new ArrayList<>();

    private volatile boolean stopRequested;

    /**
     * @param weights the model to train; the caller closes it after the trainer
     * @param collective the caller closes it too
     */
    public Trainer(TrainerOptions options, ModelWeights weights, Tensors tensors, Collective collective) {
        this(options, null, weights, tensors, collective);
    }

    /** @param given what is drawn, null to draw it by the options */
    Trainer(TrainerOptions options, Draws given, ModelWeights weights, Tensors tensors, Collective collective) {
        this.options = options;
        this.weights = weights;
        this.collective = collective;
        this.tensors = tensors;
        DiffusionProcess process = options.process();
        TrainerOptions.Computation computation = options.computation();
        cost = weights.config().cost(computation.precision(), computation.checkpointActivations());
        model = weights.model(tensors, computation.precision());
        inputs = new TrainingInputs(process, weights.nullCaption(), tensors);
        KeyedDraws keyed = new KeyedDraws(
                options.seed(), process, options.frameMask(), weights.config().classDropoutProbability());
        draws = given == null ? keyed : given;
        validation = new Validation(model, inputs, keyed, process);
        boolean trims = tensors.isOnHost()
                && HostMemory.isLarge(weights.parameters().all().elements());
        backward = new BlockwiseBackward(model, computation.checkpointActivations(), trims);
        FlatParameters parameters = weights.parameters();
        gradients = new FlatGradients(parameters, tensors);
        ParameterLayout layout = parameters.layout();
        int ranks = collective.worldSize();
        sharded = options.optimizer().sharded() && ranks > 1;
        own = sharded ? Shard.of(layout, collective.rank(), ranks) : Shard.whole(layout.elements());
        for (int rank = 0; rank < ranks; rank++) {
            if (!sharded || rank == collective.rank()) {
                normed.add(Shard.of(layout, rank, ranks).parts().stream()
                        .map(part -> gradients.values().view(part.begin(), part.elements()))
                        .toList());
            }
        }
        optimizer = new AdamW(options.optimizer().adam(), tensors, own);
        Ema.Options average = options.optimizer().ema();
        ema = average == null ? null : new Ema(parameters, tensors, average, own);
        gatheredEma = new GatheredEma(
                weights, tensors, options.computation().precision(), ema, own, sharded ? collective : null);
        if (collective.worldSize() > 1) {
            for (ParameterLayout.Group group : layout.groups()) {
                ranges.add(
                        group.elements() == 0
                                ? null // all of it is frozen
                                : FlatRange.of(gradients.values(), group.begin(), group.elements()));
            }
        }
    }

    /** The optimizer, for checkpoints. */
    public AdamW optimizer() {
        return optimizer;
    }

    /** Evaluates the weights as they are at the time, on clips that are not trained on. */
    public Validation validation() {
        return validation;
    }

    /**
     * A model that computes with the averaged weights, as they are at the time. With optimizer sharding all ranks call
     * this together, each time they want the weights of that time.
     */
    public Denoiser averagedModel() {
        return gatheredEma.model();
    }

    /** The averaged weights of all parameters, of which this rank may keep a part alone. */
    public GatheredEma gatheredEma() {
        return gatheredEma;
    }

    /** The model's output for a micro-batch, owned by the current scope. */
    Tensor output(MicroBatch microBatch) {
        return model.forward(inputs.prepare(microBatch, draws.of(microBatch)).input());
    }

    /** The terms of the loss of a micro-batch, owned by the current scope; nothing is trained. */
    Terms terms(MicroBatch microBatch) {
        TrainingInputs.Prepared prepared = inputs.prepare(microBatch, draws.of(microBatch));
        return prepared.batch().terms(model.forward(prepared.input()));
    }

    /** The gradients of the last step, as the optimizer has taken them. */
    FlatGradients gradients() {
        return gradients;
    }

    /** The averaged weights, for checkpoints. */
    public Ema ema() {
        return ema;
    }

    /**
     * Where this rank's time goes. On a GPU the host waits after each micro-batch for the device, once, so that its time
     * is counted where it is spent; the last kernels of an update are counted with what comes after it.
     */
    public StepMetrics metrics() {
        return metrics;
    }

    /**
     * Asks all ranks to stop: from the step on that all of them have heard of it, reports say so. Any thread may call
     * this, on any rank.
     */
    public void requestStop() {
        stopRequested = true;
    }

    /** Starts the EMA from the present parameters. */
    public void restartEma() {
        if (ema != null) {
            ema.restart(weights.parameters());
        }
    }

    /**
     * Takes one step together with the other ranks.
     *
     * @param step number of the step, from 0
     * @param mine this rank's micro-batches of the step, possibly none
     * @param plannedSamples clips of the step over all ranks, as planned; when fewer could be read the mean is over
     *     those that could
     * @return the same on every rank
     */
    public StepReport step(long step, List<MicroBatch> mine, int plannedSamples) {
        metrics.enter(Phase.FORWARD);
        gradients.clear();
        StepSums sums = new StepSums(options.process().lossTerms());
        List<Work> reductions = new ArrayList<>();
        IntConsumer reduce = group -> {
            FlatRange range = collective.worldSize() > 1 ? ranges.get(group) : null;
            if (range != null) {
                reductions.add(sharded ? collective.reduceScatterSum(range) : collective.allReduceSum(range));
            }
        };
        for (int i = 0; i < mine.size(); i++) {
            accumulate(mine.get(i), plannedSamples, sums, i == mine.size() - 1 ? reduce : group -> {});
            collective.reportProgress();
        }
        if (mine.isEmpty()) {
            finishingOrder().forEach(reduce::accept);
        }
        metrics.enter(Phase.COMMUNICATION);
        reductions.forEach(Work::await);
        sums.askToStop(stopRequested);
        StepSums totals = sums.over(collective);
        metrics.enter(Phase.OPTIMIZER);
        StepReport report = update(step, totals, plannedSamples);
        metrics.enter(Phase.OTHER);
        return report;
    }

    /** The order in which the backward pass leaves the groups: every rank must reduce in it. */
    private List<Integer> finishingOrder() {
        List<Integer> order = new ArrayList<>();
        for (int group = weights.parameters().layout().groups().size() - 1; group >= 0; group--) {
            order.add(group);
        }
        return order;
    }

    private void accumulate(MicroBatch microBatch, int plannedSamples, StepSums sums, IntConsumer groupFinal) {
        long begin = metrics.enter(Phase.FORWARD);
        double[] lossOfAll = new double[1];
        try (TensorScope scope = TensorScope.open()) {
            TrainingInputs.Prepared prepared = inputs.prepare(microBatch, draws.of(microBatch));
            backward.run(
                    prepared.input(),
                    output -> {
                        Terms terms = prepared.batch().terms(output);
                        float[] losses = terms.total().floats();
                        sums.add(losses, terms);
                        for (float loss : losses) {
                            lossOfAll[0] += loss;
                        }
                        metrics.enter(Phase.BACKWARD);
                        return Kernels.instance().scaledSum(terms.total(), 1.0 / plannedSamples);
                    },
                    groupFinal);
            waitForDevice();
        }
        BatchShape shape = microBatch.computedShape();
        metrics.microBatch(
                microBatch.bucket(),
                microBatch.samples().size(),
                lossOfAll[0],
                cost.tokens(shape),
                cost.trainingStep(shape),
                metrics.enter(Phase.OTHER) - begin);
    }

    /** Reading one number makes a GPU finish all it was given. */
    private void waitForDevice() {
        if (!tensors.isOnHost()) {
            Kernels.instance().sliceFlat(gradients.values().tensor(), 0, 1, 1).item();
        }
    }

    private StepReport update(long step, StepSums totals, int plannedSamples) {
        int samples = totals.samples();
        boolean stop = totals.stop();
        double learningRate = options.optimizer().learningRate().at(step);
        if (samples == 0) {
            return new StepReport(Double.NaN, Map.of(), 0, learningRate, 0, true, stop);
        }
        double overSamples = (double) plannedSamples / samples;
        double norm = overSamples * gradientNorm();
        boolean finite = Double.isFinite(norm) && Double.isFinite(totals.loss());
        if (finite) {
            scaleGradients(
                    overSamples * GradientClip.factor(norm, options.optimizer().gradientClip()));
            optimizer.update(weights.parameters(), gradients, learningRate);
            gatherParameters();
            if (ema != null) {
                ema.update(weights.parameters(), optimizer.steps());
            }
        }
        return new StepReport(totals.loss() / samples, totals.means(), norm, learningRate, samples, !finite, stop);
    }

    /** The norm over all ranks' parts, added up in the same order with and without sharding. */
    private double gradientNorm() {
        double sum = 0;
        if (sharded) {
            for (byte[] rank : collective.allGather(bytes(squaredNorm(normed.get(0))))) {
                sum += ByteBuffer.wrap(rank).getDouble();
            }
        } else {
            for (List<Tensor> rank : normed) {
                sum += squaredNorm(rank);
            }
        }
        return Math.sqrt(sum);
    }

    private static double squaredNorm(List<Tensor> parts) {
        double sum = 0;
        if (!parts.isEmpty()) {
            for (float norm : Kernels.instance().norms(parts)) {
                sum += (double) norm * norm;
            }
        }
        return sum;
    }

    private static byte[] bytes(double value) {
        return ByteBuffer.allocate(Double.BYTES).putDouble(value).array();
    }

    private void scaleGradients(double factor) {
        if (factor != 1) {
            try (TensorScope scope = TensorScope.open()) {
                own.ofWhole(gradients.values())
                        .forEach(part -> Kernels.instance().scaleInPlace(part, factor));
            }
        }
    }

    /** With sharding each rank has updated its own part alone. */
    private void gatherParameters() {
        if (sharded) {
            metrics.enter(Phase.COMMUNICATION);
            List<Work> gathers = new ArrayList<>();
            for (ParameterLayout.Group group : weights.parameters().layout().groups()) {
                if (group.elements() == 0) {
                    continue; // all of it is frozen
                }
                gathers.add(collective.allGatherParts(
                        FlatRange.of(weights.parameters().values(), group.begin(), group.elements())));
            }
            gathers.forEach(Work::await);
            metrics.enter(Phase.OPTIMIZER);
        }
    }

    /**
     * Those of this rank's micro-batches whose loss or gradient is not finite. Computes each once more, alone: that
     * costs nothing in steps where all is well.
     */
    public List<MicroBatch> notFinite(List<MicroBatch> mine) {
        List<MicroBatch> found = new ArrayList<>();
        for (MicroBatch microBatch : mine) {
            gradients.clear();
            StepSums sums = new StepSums(options.process().lossTerms());
            accumulate(microBatch, microBatch.samples().size(), sums, group -> {});
            if (!Double.isFinite(sums.loss())
                    || !Double.isFinite(
                            Kernels.instance().norm(gradients.values().tensor()))) {
                found.add(microBatch);
            }
            collective.reportProgress();
        }
        return found;
    }

    @Override
    public void close() {
        gatheredEma.close();
        if (ema != null) {
            ema.close();
        }
        optimizer.close();
        gradients.close();
    }
}
