// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.diffusion.DiffusionLoss;
import io.sparkreel.model.diffusion.FrameMask;
import io.sparkreel.model.diffusion.IddpmSpeed;
import io.sparkreel.model.diffusion.NoiseSchedule;
import io.sparkreel.model.stdit.Captions;
import io.sparkreel.model.stdit.Stdit2Config;
import io.sparkreel.model.stdit.Stdit2Input;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Turns a micro-batch of clean latents into the question that the model is trained on: noised latents,
 * timesteps, captions some of which are dropped, frames some of which are given.
 *
 * <p>Every draw is keyed by (seed, epoch, clip), so it does not matter which rank draws, or in which order.
 */
final class Objective {
    private final NoiseSchedule schedule;
    private final IddpmSpeed speed;
    private final DiffusionLoss loss;
    private final FrameMask frameMask;
    private final Tensors tensors;
    private final long seed;

    /**
     * @param speed draws timesteps; null to draw all alike
     * @param frameMask null to noise all frames
     */
    Objective(
            NoiseSchedule schedule,
            IddpmSpeed speed,
            DiffusionLoss loss,
            FrameMask frameMask,
            Tensors tensors,
            long seed) {
        this.schedule = schedule;
        this.speed = speed;
        this.loss = loss;
        this.frameMask = frameMask;
        this.tensors = tensors;
        this.seed = seed;
    }

    /** The model's input, and what its output is judged by. */
    record Question(Stdit2Input input, DiffusionLoss.Batch batch) {}

    /** What the model is trained on: all is drawn. */
    Question ask(MicroBatch microBatch, Stdit2Config config, float[] nullCaption) {
        List<Sample> samples = microBatch.samples();
        int[] steps = new int[samples.size()];
        boolean[] dropped = new boolean[samples.size()];
        for (int b = 0; b < steps.length; b++) {
            long clip = samples.get(b).clipId();
            KeyedRandom random = KeyedRandom.of(seed, microBatch.epoch(), clip, Purpose.TIMESTEP);
            steps[b] = speed == null ? random.nextInt(schedule.steps()) : speed.drawStep(random);
            double u = KeyedRandom.of(seed, microBatch.epoch(), clip, Purpose.TEXT_DROPOUT)
                    .nextDouble();
            dropped[b] = u < config.classDropoutProbability();
        }
        boolean[] mask = frameMask == null ? null : drawMasks(microBatch);
        return question(microBatch, microBatch.epoch(), steps, mask, dropped, nullCaption);
    }

    /**
     * What the model is judged by: all captions, no given frames, and noise that depends on clip and step alone.
     *
     * @param step of the schedule
     */
    Question askAt(int step, MicroBatch microBatch, float[] nullCaption) {
        int[] steps = new int[microBatch.samples().size()];
        Arrays.fill(steps, step);
        return question(microBatch, step, steps, null, new boolean[steps.length], nullCaption);
    }

    /** @param repetition tells draws of noise for the same clip apart */
    private Question question(
            MicroBatch microBatch,
            long repetition,
            int[] steps,
            boolean[] mask,
            boolean[] dropped,
            float[] nullCaption) {
        List<Sample> samples = microBatch.samples();
        MicroBatch.LatentShape shape = microBatch.shape();
        int size = shape.elements();
        float[] start = new float[samples.size() * size];
        float[] noise = new float[start.length];
        for (int b = 0; b < steps.length; b++) {
            System.arraycopy(samples.get(b).latent(), 0, start, b * size, size);
            KeyedRandom.of(seed, repetition, samples.get(b).clipId(), Purpose.NOISE)
                    .fillNormal(noise, b * size, size);
        }
        long[] dimensions = {samples.size(), shape.channels(), shape.frames(), shape.height(), shape.width()};
        DiffusionLoss.Batch batch =
                loss.noise(tensors.of(start, dimensions), tensors.of(noise, dimensions), steps, mask);
        float[] times = new float[steps.length];
        for (int b = 0; b < times.length; b++) {
            times[b] = schedule.modelTime(steps[b]);
        }
        Stdit2Input input = new Stdit2Input(
                batch.noised(),
                times,
                captions(microBatch, dropped, nullCaption),
                mask == null ? null : tensors.of(asFloats(mask), samples.size(), shape.frames(), 1, 1),
                sizes(samples));
        return new Question(input, batch);
    }

    private boolean[] drawMasks(MicroBatch microBatch) {
        int frames = microBatch.shape().frames();
        boolean[] masks = new boolean[microBatch.samples().size() * frames];
        for (int b = 0; b < microBatch.samples().size(); b++) {
            KeyedRandom random = KeyedRandom.of(
                    seed, microBatch.epoch(), microBatch.samples().get(b).clipId(), Purpose.FRAME_MASK);
            System.arraycopy(frameMask.draw(frames, random), 0, masks, b * frames, frames);
        }
        return masks;
    }

    private Captions captions(MicroBatch microBatch, boolean[] dropped, float[] nullCaption) {
        List<Sample> samples = microBatch.samples();
        List<float[]> features = new ArrayList<>();
        for (int b = 0; b < samples.size(); b++) {
            features.add(dropped[b] ? nullCaption : samples.get(b).text());
        }
        return Captions.of(
                tensors,
                microBatch.textWidth(),
                features,
                samples.stream().map(Sample::textMask).toList());
    }

    /** In training the aspect ratio is width / height; the reference samples with its inverse. */
    private static Stdit2Input.ClipSize sizes(List<Sample> samples) {
        int count = samples.size();
        Stdit2Input.ClipSize sizes = new Stdit2Input.ClipSize(
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
    DiffusionLoss.Terms terms(Tensor output, Question question) {
        return loss.terms(output, question.batch());
    }
}
