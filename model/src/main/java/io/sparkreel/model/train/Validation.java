// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.Terms;
import io.sparkreel.model.torch.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The loss of clips that are not trained on. Noise and times are fixed, every caption counts and there are no conditioning
 * frames, so that what changes from one evaluation to the next is the model alone. A clip's loss is the mean over the
 * validation times of the diffusion process.
 */
public final class Validation {
    private final Denoiser model;
    private final TrainingInputs inputs;
    private final KeyedDraws draws;
    private final DiffusionProcess process;

    Validation(Denoiser model, TrainingInputs inputs, KeyedDraws draws, DiffusionProcess process) {
        this.model = model;
        this.inputs = inputs;
        this.draws = draws;
        this.process = process;
    }

    /**
     * The loss of one clip.
     *
     * @param loss as in training
     * @param terms what it consists of, by name
     */
    public record ClipLoss(String bucket, long clipId, double loss, Map<String, Double> terms) {}

    /** Evaluates the clips of a micro-batch; its epoch plays no part. */
    public List<ClipLoss> losses(MicroBatch microBatch) {
        int count = microBatch.samples().size();
        float[] times = process.validationTimes();
        double[] losses = new double[count];
        Map<String, double[]> sums = new LinkedHashMap<>();
        process.validationTerms().forEach(term -> sums.put(term, new double[count]));
        for (float time : times) {
            try (TensorScope scope = TensorScope.open()) {
                TrainingInputs.Prepared prepared = inputs.prepare(microBatch, draws.fixed(microBatch, time));
                Terms terms = prepared.batch().terms(model.forward(prepared.input()));
                add(terms.total().floats(), losses, times.length);
                sums.forEach((term, sum) -> add(terms.parts().get(term).floats(), sum, times.length));
            }
        }
        List<ClipLoss> evaluated = new ArrayList<>();
        for (int b = 0; b < count; b++) {
            Map<String, Double> terms = new LinkedHashMap<>();
            int clip = b;
            sums.forEach((term, sum) -> terms.put(term, sum[clip]));
            evaluated.add(new ClipLoss(
                    microBatch.bucket(), microBatch.samples().get(b).clipId(), losses[b], terms));
        }
        return evaluated;
    }

    private static void add(float[] values, double[] means, int times) {
        for (int b = 0; b < means.length; b++) {
            means[b] += values[b] / times;
        }
    }
}
