// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.LatentShape;
import io.sparkreel.model.denoiser.DenoiserInput;
import io.sparkreel.model.denoiser.TextBatch;
import io.sparkreel.model.process.iddpm.DiffusionLoss;
import io.sparkreel.model.process.iddpm.NoiseSchedule;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns a micro-batch of clean latents, and what is drawn for it, into the input of the model: noised latents,
 * timesteps, captions of which some are dropped, frames of which some are not noised.
 */
final class TrainingInputs {
    private final NoiseSchedule schedule;
    private final DiffusionLoss loss;
    private final float[] nullCaption;
    private final Tensors tensors;

    TrainingInputs(NoiseSchedule schedule, DiffusionLoss loss, float[] nullCaption, Tensors tensors) {
        this.schedule = schedule;
        this.loss = loss;
        this.nullCaption = nullCaption;
        this.tensors = tensors;
    }

    /** The model's input, and what its loss is computed from. */
    record Prepared(DenoiserInput input, DiffusionLoss.Batch batch) {}

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
        DiffusionLoss.Batch batch =
                loss.noise(tensors.of(start, dimensions), tensors.of(drawn.noise(), dimensions), drawn.steps(), mask);
        float[] times = new float[samples.size()];
        for (int b = 0; b < times.length; b++) {
            times[b] = schedule.modelTime(drawn.steps()[b]);
        }
        DenoiserInput input = new DenoiserInput(
                batch.noised(),
                times,
                captions(microBatch, drawn.dropped()),
                mask == null ? null : tensors.of(asFloats(mask), samples.size(), shape.frames(), 1, 1),
                sizes(samples));
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

    /** In training the aspect ratio is width / height; the reference samples with its inverse. */
    private static DenoiserInput.ClipSize sizes(List<Sample> samples) {
        int count = samples.size();
        DenoiserInput.ClipSize sizes = new DenoiserInput.ClipSize(
                new float[count], new float[count], new float[count], new float[count], new float[count]);
        for (int b = 0; b < count; b++) {
            Sample sample = samples.get(b);
            sizes.numFrames()[b] = sample.numFrames();
            sizes.height()[b] = sample.height();
            sizes.width()[b] = sample.width();
            sizes.aspectRatio()[b] = (float) sample.width() / sample.height();
            sizes.fps()[b] = sample.fps();
        }
        return sizes;
    }

    private static float[] asFloats(boolean[] flags) {
        float[] values = new float[flags.length];
        for (int i = 0; i < flags.length; i++) {
            values[i] = flags[i] ? 1 : 0;
        }
        return values;
    }

    /** The terms of the loss of the model's output. */
    DiffusionLoss.Terms terms(Tensor output, Prepared prepared) {
        return loss.terms(output, prepared.batch());
    }
}
