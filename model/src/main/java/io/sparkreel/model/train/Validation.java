// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.family.stdit2.Stdit2;
import io.sparkreel.model.process.iddpm.DiffusionLoss;
import io.sparkreel.model.process.iddpm.NoiseSchedule;
import io.sparkreel.model.torch.TensorScope;
import java.util.ArrayList;
import java.util.List;

/**
 * The loss of clips that are not trained on. Noise and timesteps are fixed, every caption counts and no frame is given,
 * so that what changes from one look to the next is the model alone. A clip's loss is the mean over
 * {@link #TIMESTEPS} timesteps spread evenly over the schedule.
 */
public final class Validation {
    /** At how many timesteps each clip is evaluated. */
    public static final int TIMESTEPS = 4;

    private final Stdit2 model;
    private final TrainingInputs inputs;
    private final KeyedDraws draws;
    private final int[] steps = new int[TIMESTEPS];

    Validation(Stdit2 model, TrainingInputs inputs, KeyedDraws draws, NoiseSchedule schedule) {
        this.model = model;
        this.inputs = inputs;
        this.draws = draws;
        for (int i = 0; i < TIMESTEPS; i++) {
            steps[i] = (int) ((i + 0.5) / TIMESTEPS * schedule.steps());
        }
    }

    /**
     * The loss of one clip.
     *
     * @param loss as in training, and {@code squaredError} its first term
     */
    public record ClipLoss(String bucket, long clipId, double loss, double squaredError) {}

    /** Evaluates the clips of a micro-batch; its epoch plays no part. */
    public List<ClipLoss> losses(MicroBatch microBatch) {
        int count = microBatch.samples().size();
        double[] losses = new double[count];
        double[] errors = new double[count];
        for (int step : steps) {
            try (TensorScope scope = TensorScope.open()) {
                TrainingInputs.Prepared prepared = inputs.prepare(microBatch, draws.fixed(microBatch, step));
                DiffusionLoss.Terms terms = inputs.terms(model.forward(prepared.input()), prepared);
                float[] total = terms.total().floats();
                float[] squaredError = terms.squaredError().floats();
                for (int b = 0; b < count; b++) {
                    losses[b] += total[b] / TIMESTEPS;
                    errors[b] += squaredError[b] / TIMESTEPS;
                }
            }
        }
        List<ClipLoss> evaluated = new ArrayList<>();
        for (int b = 0; b < count; b++) {
            evaluated.add(new ClipLoss(
                    microBatch.bucket(), microBatch.samples().get(b).clipId(), losses[b], errors[b]));
        }
        return evaluated;
    }
}
