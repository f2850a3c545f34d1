// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * The signals of a part of a video.
 *
 * @param signals of the frames of the part; frames are numbered from the part's first one
 * @param settledFrom the frame from which on {@link FrameSignals#still()} holds: before, it depends on earlier parts
 * @param stillAfter what {@link FrameSignals#still()} is for the frames after the part, up to where it no longer depends
 *     on this part
 */
public record PartSignals(FrameSignals signals, int settledFrom, float[] stillAfter) {

    /**
     * Puts the parts of a video together; the result equals that of one pass.
     *
     * @param parts all of them, in order
     * @param fps frames a second on average
     */
    public static FrameSignals join(List<PartSignals> parts, double fps) {
        FrameSignals first = parts.get(0).signals;
        long[] pts = parts.stream()
                .flatMapToLong(part -> Arrays.stream(part.signals.timeline().pts()))
                .toArray();
        float[] still = new float[length(parts, signals -> signals.still().length)];
        int from = 0;
        for (PartSignals part : parts) {
            float[] own = part.signals.still();
            if (own.length == 0) {
                continue; // it was not measured, or the part has no frame
            }
            System.arraycopy(own, part.settledFrom, still, from + part.settledFrom, own.length - part.settledFrom);
            from += own.length;
            System.arraycopy(part.stillAfter, 0, still, from, part.stillAfter.length);
        }
        return new FrameSignals(
                new Timeline(pts, first.timeline().numerator(), first.timeline().denominator(), fps),
                first.width(),
                first.height(),
                floats(parts, FrameSignals::hue),
                floats(parts, FrameSignals::saturation),
                floats(parts, FrameSignals::value),
                floats(parts, FrameSignals::edges),
                floats(parts, FrameSignals::histogram),
                floats(parts, FrameSignals::hash),
                floats(parts, FrameSignals::soft),
                floats(parts, FrameSignals::colour),
                floats(parts, FrameSignals::luma),
                bytes(parts, FrameSignals::dark),
                bytes(parts, FrameSignals::bright),
                floats(parts, FrameSignals::black),
                still,
                floats(parts, FrameSignals::motion),
                frames(parts, FrameSignals::keyframes),
                frames(parts, FrameSignals::damaged),
                new FrameSignals.Samples(
                        frames(parts, signals -> signals.samples().frame()),
                        ints(parts, signals -> signals.samples().left()),
                        ints(parts, signals -> signals.samples().right()),
                        ints(parts, signals -> signals.samples().top()),
                        ints(parts, signals -> signals.samples().bottom()),
                        floats(parts, signals -> signals.samples().sharpness()),
                        bytes(parts, signals -> signals.samples().combed()),
                        parts.stream()
                                .flatMapToLong(part ->
                                        Arrays.stream(part.signals.samples().phash()))
                                .toArray()));
    }

    private static float[] floats(List<PartSignals> parts, Function<FrameSignals, float[]> signal) {
        float[] joined = new float[length(parts, signals -> signal.apply(signals).length)];
        int to = 0;
        for (PartSignals part : parts) {
            float[] own = signal.apply(part.signals);
            System.arraycopy(own, 0, joined, to, own.length);
            to += own.length;
        }
        return joined;
    }

    private static byte[] bytes(List<PartSignals> parts, Function<FrameSignals, byte[]> signal) {
        byte[] joined = new byte[length(parts, signals -> signal.apply(signals).length)];
        int to = 0;
        for (PartSignals part : parts) {
            byte[] own = signal.apply(part.signals);
            System.arraycopy(own, 0, joined, to, own.length);
            to += own.length;
        }
        return joined;
    }

    private static int[] ints(List<PartSignals> parts, Function<FrameSignals, int[]> signal) {
        return parts.stream()
                .flatMapToInt(part -> Arrays.stream(signal.apply(part.signals)))
                .toArray();
    }

    /** Numbers of frames, counted from the beginning of the video. */
    private static int[] frames(List<PartSignals> parts, Function<FrameSignals, int[]> signal) {
        IntStream.Builder joined = IntStream.builder();
        int before = 0;
        for (PartSignals part : parts) {
            for (int frame : signal.apply(part.signals)) {
                joined.add(before + frame);
            }
            before += part.signals.frames();
        }
        return joined.build().toArray();
    }

    private static int length(List<PartSignals> parts, ToIntFunction<FrameSignals> length) {
        return parts.stream().mapToInt(part -> length.applyAsInt(part.signals)).sum();
    }
}
