// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.LatentShape;
import io.sparkreel.model.denoiser.DenoiserInput;
import io.sparkreel.model.denoiser.TextBatch;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.Noised;
import io.sparkreel.model.torch.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns a micro-batch of clean latents, and what is drawn for it, into the input of the model: noised latents,
 * timesteps, captions of which some are dropped, frames of which some are not noised.
 */
final class TrainingInputs {
    private final DiffusionProcess process;
    private final float[] nullCaption;
    private final Tensors tensors;

    TrainingInputs(DiffusionProcess process, float[] nullCaption, Tensors tensors) {
        this.process = process;
        this.nullCaption = nullCaption;
        this.tensors = tensors;
    }

    /** The model's input, and what its loss is computed from. */
    record Prepared(DenoiserInput input, Noised batch) {}

    /** The current scope owns its tensors. */
    Prepared prepare(MicroBatch microBatch, Draws.Drawn drawn) {
        List<Sample> samples = microBatch.samples();
        LatentShape shape = microBatch.shape();
        int size = shape.elements();
        float[] start = new float[samples.size() * size];
        for (int b = 0; b < samples.size(); b++) {
            System.arraycopy(samples.get(b).latent(), 0, start, b * size, size);
        }
        long[] dimensions = shape.batch(samples.size());
        boolean[] mask = drawn.frameMask();
        Noised batch = process.noise(
                tensors, tensors.of(start, dimensions), tensors.of(drawn.noise(), dimensions), drawn.times(), mask);
        DenoiserInput input = new DenoiserInput(
                batch.latent(),
                batch.modelTimes(),
                captions(microBatch, drawn.dropped()),
                mask == null ? null : tensors.of(asFloats(mask), samples.size(), shape.frames(), 1, 1),
                microBatch.facts());
        return new Prepared(input, batch);
    }

    private TextBatch captions(MicroBatch microBatch, boolean[] dropped) {
        List<Sample> samples = microBatch.samples();
        List<float[]> features = new ArrayList<>();
        for (int b = 0; b < samples.size(); b++) {
            features.add(dropped[b] ? nullCaption : samples.get(b).text());
        }
        return TextBatch.of(
                tensors,
                microBatch.textWidth(),
                features,
                samples.stream().map(Sample::textMask).toList());
    }

    private static float[] asFloats(boolean[] flags) {
        float[] values = new float[flags.length];
        for (int i = 0; i < flags.length; i++) {
            values[i] = flags[i] ? 1 : 0;
        }
        return values;
    }
}
