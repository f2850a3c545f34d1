// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.curate.signal.Lists.Bytes;
import io.sparkreel.bucketing.curate.signal.Lists.Floats;
import io.sparkreel.bucketing.curate.signal.Lists.Longs;
import java.util.stream.IntStream;

/** Collects {@link FrameSignals} frame by frame. */
final class Recorder {

    final Longs pts = new Longs();
    final Floats hue = new Floats();
    final Floats saturation = new Floats();
    final Floats value = new Floats();
    final Floats edges = new Floats();
    final Floats histogram = new Floats();
    final Floats hash = new Floats();
    final Floats soft = new Floats();
    final Floats colour = new Floats();
    final Floats luma = new Floats();
    final Bytes dark = new Bytes();
    final Bytes bright = new Bytes();
    final Floats black = new Floats();
    final Floats still = new Floats();
    final Floats motion = new Floats();
    final IntStream.Builder keyframes = IntStream.builder();
    final IntStream.Builder damaged = IntStream.builder();
    final IntStream.Builder sampled = IntStream.builder();
    final IntStream.Builder left = IntStream.builder();
    final IntStream.Builder right = IntStream.builder();
    final IntStream.Builder top = IntStream.builder();
    final IntStream.Builder bottom = IntStream.builder();
    final Floats sharpness = new Floats();
    final Bytes combed = new Bytes();
    final Longs phash = new Longs();

    int frames() {
        return pts.size();
    }

    FrameSignals signals(int numerator, int denominator, double fps, int width, int height) {
        return new FrameSignals(
                new Timeline(pts.toArray(), numerator, denominator, fps),
                width,
                height,
                hue.toArray(),
                saturation.toArray(),
                value.toArray(),
                edges.toArray(),
                histogram.toArray(),
                hash.toArray(),
                soft.toArray(),
                colour.toArray(),
                luma.toArray(),
                dark.toArray(),
                bright.toArray(),
                black.toArray(),
                still.toArray(),
                motion.toArray(),
                keyframes.build().toArray(),
                damaged.build().toArray(),
                new FrameSignals.Samples(
                        sampled.build().toArray(),
                        left.build().toArray(),
                        right.build().toArray(),
                        top.build().toArray(),
                        bottom.build().toArray(),
                        sharpness.toArray(),
                        combed.toArray(),
                        phash.toArray()));
    }
}
