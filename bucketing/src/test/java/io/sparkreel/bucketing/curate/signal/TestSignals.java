// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Signals of a film that was never shot: 25 frames a second, moving, grey, and without any cut. */
public final class TestSignals {
    private final int frames;
    /** Changes of content. */
    public final float[] content;

    public final float[] histogram;
    public final float[] hash;
    public final float[] soft;
    public final float[] colour;
    public final float[] luma;
    public final float[] black;
    public final float[] still;
    public final float[] motion;
    public int[] keyframes = {0};
    public int[] damaged = {};
    public long[] pts;

    private final int[] sampled;
    /** Bars of each sample: left, right, top, bottom. */
    public final int[][] bars;

    public final float[] sharpness;
    public final byte[] combed;
    public final long[] phash;

    public TestSignals(int frames) {
        this.frames = frames;
        content = filled(2);
        histogram = filled(0.999f);
        hash = filled(0.02f);
        soft = filled(2.5f);
        colour = filled(110);
        luma = filled(112);
        black = filled(0);
        still = filled(0.01f);
        motion = filled(1.5f);
        pts = LongStream.range(0, frames).map(i -> 512 * i).toArray();
        sampled = IntStream.range(0, frames).filter(i -> i % 13 == 0).toArray();
        bars = IntStream.range(0, sampled.length)
                .mapToObj(i -> new int[] {0, 319, 0, 179})
                .toArray(int[][]::new);
        sharpness = new float[sampled.length];
        Arrays.fill(sharpness, 300);
        combed = new byte[sampled.length];
        phash = new long[sampled.length];
    }

    private float[] filled(float value) {
        float[] values = new float[frames];
        Arrays.fill(values, value);
        return values;
    }

    /** Sets the values of frames from..until-1. */
    public static void set(float[] signal, int from, int until, double value) {
        Arrays.fill(signal, from, until, (float) value);
    }

    public FrameSignals signals() {
        return new FrameSignals(
                new Timeline(pts, 1, 12_800, 25),
                320,
                180,
                content,
                content,
                content,
                new float[0],
                histogram,
                hash,
                soft,
                colour,
                luma,
                new byte[frames],
                filledBytes(200),
                black,
                still,
                motion,
                keyframes,
                damaged,
                new FrameSignals.Samples(
                        sampled, column(0), column(1), column(2), column(3), sharpness, combed, phash));
    }

    private byte[] filledBytes(int value) {
        byte[] values = new byte[frames];
        Arrays.fill(values, (byte) value);
        return values;
    }

    private int[] column(int index) {
        return Arrays.stream(bars).mapToInt(box -> box[index]).toArray();
    }
}
