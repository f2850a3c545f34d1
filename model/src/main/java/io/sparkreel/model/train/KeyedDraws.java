// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.process.DiffusionProcess;
import java.util.Arrays;

/** Draws keyed by (seed, epoch, clip), so that it does not matter which rank draws, or in which order. */
final class KeyedDraws implements Draws {
    private final long seed;
    private final DiffusionProcess process;
    private final FrameMask frameMask;
    private final double captionDropout;

    /**
     * @param process draws the times
     * @param frameMask null to noise all frames
     * @param captionDropout share of the captions that are dropped
     */
    KeyedDraws(long seed, DiffusionProcess process, FrameMask frameMask, double captionDropout) {
        this.seed = seed;
        this.process = process;
        this.frameMask = frameMask;
        this.captionDropout = captionDropout;
    }

    @Override
    public Drawn of(MicroBatch microBatch) {
        float[] times = new float[microBatch.samples().size()];
        boolean[] dropped = new boolean[times.length];
        ClipFacts facts = microBatch.facts();
        for (int b = 0; b < times.length; b++) {
            KeyedRandom random = random(microBatch, b, Purpose.TIMESTEP);
            times[b] = process.drawTime(random, microBatch.shape(), facts, b);
            dropped[b] = random(microBatch, b, Purpose.TEXT_DROPOUT).nextDouble() < captionDropout;
        }
        boolean[] masks = frameMask == null ? null : masks(microBatch);
        return new Drawn(noise(microBatch, microBatch.epoch()), times, masks, dropped);
    }

    /**
     * What validation uses: all captions, no conditioning frames, and noise that depends on the clip and the whole part
     * of the time alone.
     */
    Drawn fixed(MicroBatch microBatch, float time) {
        float[] times = new float[microBatch.samples().size()];
        Arrays.fill(times, time);
        return new Drawn(noise(microBatch, (long) time), times, null, new boolean[times.length]);
    }

    /** @param repetition tells draws of noise for the same clip apart */
    private float[] noise(MicroBatch microBatch, long repetition) {
        int size = microBatch.shape().elements();
        float[] noise = new float[microBatch.samples().size() * size];
        for (int b = 0; b < microBatch.samples().size(); b++) {
            KeyedRandom.of(seed, repetition, microBatch.samples().get(b).clipId(), Purpose.NOISE)
                    .fillNormal(noise, b * size, size);
        }
        return noise;
    }

    private boolean[] masks(MicroBatch microBatch) {
        int frames = microBatch.shape().frames();
        boolean[] masks = new boolean[microBatch.samples().size() * frames];
        for (int b = 0; b < microBatch.samples().size(); b++) {
            boolean[] mask = frameMask.draw(frames, random(microBatch, b, Purpose.FRAME_MASK));
            System.arraycopy(mask, 0, masks, b * frames, frames);
        }
        return masks;
    }

    private KeyedRandom random(MicroBatch microBatch, int clip, Purpose purpose) {
        return KeyedRandom.of(
                seed, microBatch.epoch(), microBatch.samples().get(clip).clipId(), purpose);
    }
}
