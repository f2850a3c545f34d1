// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.Noised;
import io.sparkreel.model.process.Processes;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.process.Terms;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * IDDPM (Nichol and Dhariwal 2021): a schedule of steps, a squared error and the variational bound. A time is a step of
 * the schedule that is trained on.
 */
public final class Iddpm implements DiffusionProcess {
    static final String TYPE = "iddpm";

    private static final String PREDICT_XSTART = "predict_xstart";
    private static final String SQUARED_ERROR = "mse";
    private static final String VARIATIONAL_BOUND = "vb";
    private static final int VALIDATION_TIMES = 4;

    /**
     * @param predictXstart the model predicts the clean latent instead of the noise
     * @param vbWeight weight of the variational bound; 1 in the reference, 0.001 is lambda of the paper
     * @param respacing kept steps of the schedule, empty for all
     * @param speed use the timestep distribution and loss weights of {@link IddpmSpeed}; otherwise sample timesteps
     *     uniformly
     */
    public record Options(boolean predictXstart, double vbWeight, String respacing, boolean speed) {
        /** The reference's defaults. */
        public static final Options REFERENCE = new Options(false, 1, "", false);
    }

    private final Options options;
    private final NoiseSchedule schedule;
    private final IddpmSpeed speed; // null to sample timesteps uniformly

    /** @throws InvalidInputException if the respacing cannot be used */
    public Iddpm(Options options) {
        this.options = options;
        schedule = NoiseSchedule.linear(options.respacing());
        speed = options.speed() ? new IddpmSpeed(schedule) : null;
    }

    /** What it was made with. */
    public Options options() {
        return options;
    }

    @Override
    public float drawTime(KeyedRandom random, LatentShape latent, ClipFacts facts, int clip) {
        return speed == null ? random.nextInt(schedule.steps()) : speed.drawStep(random);
    }

    /** {@inheritDoc} They are spread evenly over the schedule. */
    @Override
    public float[] validationTimes() {
        float[] times = new float[VALIDATION_TIMES];
        for (int i = 0; i < times.length; i++) {
            times[i] = (int) ((i + 0.5) / times.length * schedule.steps());
        }
        return times;
    }

    @Override
    public Noised noise(Tensors tensors, Tensor start, Tensor noise, float[] times, boolean[] frameMask) {
        DiffusionLoss loss = new DiffusionLoss(
                schedule,
                options.predictXstart(),
                options.vbWeight(),
                speed == null ? null : speed::errorWeight,
                tensors);
        int[] steps = new int[times.length];
        float[] modelTimes = new float[times.length];
        for (int b = 0; b < steps.length; b++) {
            steps[b] = (int) times[b];
            modelTimes[b] = schedule.modelTime(steps[b]);
        }
        DiffusionLoss.Batch batch = loss.noise(start, noise, steps, frameMask);
        return new Noised() {
            @Override
            public Tensor latent() {
                return batch.noised();
            }

            @Override
            public float[] modelTimes() {
                return modelTimes;
            }

            @Override
            public Terms terms(Tensor output) {
                DiffusionLoss.Terms terms = loss.terms(output, batch);
                Map<String, Tensor> parts = new LinkedHashMap<>();
                parts.put(SQUARED_ERROR, terms.squaredError());
                parts.put(VARIATIONAL_BOUND, terms.variationalBound());
                return new Terms(terms.total(), parts);
            }
        };
    }

    @Override
    public List<String> lossTerms() {
        return List.of(SQUARED_ERROR, VARIATIONAL_BOUND);
    }

    @Override
    public List<String> validationTerms() {
        return List.of(SQUARED_ERROR);
    }

    @Override
    public List<String> samplers() {
        return Stream.of(SamplerType.values()).map(SamplerType::word).toList();
    }

    @Override
    public String previewSampler() {
        return SamplerType.DPM_SOLVER.word();
    }

    /** {@inheritDoc} Steps are spread evenly over all of the schedule, whatever was trained on. */
    @Override
    public Sampler sampler(String type, int steps, Tensors tensors) {
        NoiseSchedule walked = NoiseSchedule.linear(Integer.toString(steps));
        boolean predictXstart = options.predictXstart();
        return switch (type) {
            case "iddpm" -> new AncestralSampler(walked, predictXstart, tensors);
            case "ddim" -> new DdimSampler(walked, predictXstart, tensors);
            case "dpm-solver" -> new DpmSolverSampler(walked, predictXstart, tensors);
            default ->
                throw new InvalidInputException("Cannot sample with '" + type
                        + "': a model of IDDPM knows iddpm, ddim and dpm-solver. Use one of these.");
        };
    }

    @Override
    public ObjectNode identity() {
        return Processes.identity(TYPE).put(PREDICT_XSTART, options.predictXstart());
    }

    /** An identity in which the model predicts something else. */
    static ObjectNode identity(ObjectNode trained, boolean predictXstart) {
        return trained.deepCopy().put(PREDICT_XSTART, predictXstart);
    }

    /** The process of an {@link #identity}; training is as in the reference. */
    static Iddpm of(ObjectNode identity) {
        return new Iddpm(new Options(identity.path(PREDICT_XSTART).asBoolean(false), 1, "", false));
    }
}
