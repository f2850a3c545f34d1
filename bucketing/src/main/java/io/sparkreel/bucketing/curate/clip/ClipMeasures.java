// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.clip;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Intervals;
import io.sparkreel.bucketing.curate.signal.Intervals.Interval;
import io.sparkreel.bucketing.curate.signal.Signal;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Measures the clips of one video from its signals. */
public final class ClipMeasures {

    /** Of the samples, so many may reach into what counts as a bar: a flash or a title is no picture. */
    private static final double BARS_IN = 0.9;

    /** Mean luma below which a picture is too dark to tell bars from what it shows. */
    private static final double DARK = 40;

    private final FrameSignals signals;
    private final Limits limits;
    private final List<Interval> frozen;
    private final double sharpnessOfVideo;

    /**
     * What counts as black, frozen and barred.
     *
     * @param blackShare share of black pixels from which a frame is black
     * @param frozenNoise share of 256 up to which frames are the same; the one that the signals were taken with
     * @param frozenSeconds least time of frozen frames
     * @param barShare share of a side from which what is dark along it is a bar
     */
    public record Limits(double blackShare, double frozenNoise, double frozenSeconds, double barShare) {}

    /** Of a video. */
    public ClipMeasures(FrameSignals signals, Limits limits) {
        this.signals = signals;
        this.limits = limits;
        this.frozen = signals.has(Signal.STILL)
                ? Intervals.frozen(signals, limits.frozenNoise, limits.frozenSeconds)
                : List.of();
        this.sharpnessOfVideo = median(IntStream.range(0, samples().frame().length)
                .mapToDouble(i -> samples().sharpness()[i])
                .toArray());
    }

    /**
     * The picture between bars, in decoded pixels after rotation; all numbers even.
     *
     * @param x first column
     * @param y first row
     */
    public record Box(int x, int y, int width, int height) {}

    /** What was measured of one clip: NaN where nothing tells; the box is null where there are no bars. */
    public record Measured(Map<Measure, Double> values, Box box) {}

    /** Measures the frames of a clip. */
    public Measured of(Interval clip) {
        int from = clip.from();
        int until = clip.until();
        int frames = until - from;
        Map<Measure, Double> values = new EnumMap<>(Measure.class);
        values.put(Measure.SECONDS, ClipRules.seconds(signals, from, until));
        values.put(
                Measure.BLACK,
                mean(Signal.LUMA, from, until, frame -> signals.black()[frame] >= (float) limits.blackShare ? 1 : 0));
        values.put(
                Measure.FROZEN,
                signals.has(Signal.STILL)
                        ? frozen.stream()
                                        .mapToInt(stretch -> stretch.within(from, until))
                                        .sum()
                                / (double) frames
                        : Double.NaN);
        values.put(Measure.LUMA, mean(Signal.LUMA, from, until, frame -> signals.luma()[frame]));
        values.put(Measure.LUMA_LOW, mean(Signal.LUMA, from, until, frame -> signals.dark()[frame] & 0xff));
        values.put(Measure.LUMA_HIGH, mean(Signal.LUMA, from, until, frame -> signals.bright()[frame] & 0xff));
        // The first frame changed from one that is not of the clip.
        values.put(Measure.MOTION, mean(Signal.MOTION, from + 1, until, frame -> signals.motion()[frame]));
        int[] samples = samplesOf(from, until);
        double sharpness = median(Arrays.stream(samples)
                .mapToDouble(i -> samples().sharpness()[i])
                .toArray());
        values.put(Measure.SHARPNESS, sharpness);
        values.put(Measure.SHARPNESS_RATIO, sharpnessOfVideo > 0 ? sharpness / sharpnessOfVideo : Double.NaN);
        values.put(Measure.COMBED, combed(samples));
        Box box = values.get(Measure.LUMA) < DARK ? null : box(samples);
        double area = (double) signals.width() * signals.height();
        values.put(
                Measure.BARS,
                samples.length == 0 ? Double.NaN : box == null ? 0 : 1 - box.width * (double) box.height / area);
        values.put(Measure.HASH_DRIFT, drift(from, until));
        values.put(
                Measure.DAMAGED,
                Arrays.stream(signals.damaged())
                                .filter(frame -> frame >= from && frame < until)
                                .count()
                        / (double) frames);
        return new Measured(values, box);
    }

    private FrameSignals.Samples samples() {
        return signals.samples();
    }

    /** Samples within a clip; of a clip between two of them, the nearest one. */
    private int[] samplesOf(int from, int until) {
        int[] frames = samples().frame();
        int[] within = IntStream.range(0, frames.length)
                .filter(i -> frames[i] >= from && frames[i] < until)
                .toArray();
        return within.length > 0 ? within : nearest((from + until) / 2);
    }

    private int[] nearest(int frame) {
        int[] frames = samples().frame();
        OptionalInt nearest = IntStream.range(0, frames.length)
                .reduce((a, b) -> Math.abs(frames[b] - frame) < Math.abs(frames[a] - frame) ? b : a);
        return nearest.isPresent() ? new int[] {nearest.getAsInt()} : new int[0];
    }

    private double mean(Signal signal, int from, int until, IntToDoubleFunction value) {
        if (!signals.has(signal)) {
            return Double.NaN;
        }
        return IntStream.range(from, until).mapToDouble(value).average().orElse(Double.NaN);
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        int half = values.length / 2;
        return values.length == 0
                ? Double.NaN
                : values.length % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
    }

    private double combed(int[] among) {
        if (among.length == 0) {
            return Double.NaN;
        }
        long interlaced =
                Arrays.stream(among).filter(i -> samples().combed()[i] > 0).count();
        long known =
                Arrays.stream(among).filter(i -> samples().combed()[i] >= 0).count();
        return known == 0 ? 0 : (double) interlaced / known;
    }

    /** Frames that are dark all over say nothing of bars. */
    private Box box(int[] among) {
        int[] bright =
                Arrays.stream(among).filter(i -> samples().right()[i] >= 0).toArray();
        if (bright.length == 0) {
            return null;
        }
        int left = reach(bright, i -> samples().left()[i]);
        int top = reach(bright, i -> samples().top()[i]);
        int right = -reach(bright, i -> -samples().right()[i]);
        int bottom = -reach(bright, i -> -samples().bottom()[i]);
        int x = isBar(left, signals.width()) ? (left + 1) & ~1 : 0;
        int y = isBar(top, signals.height()) ? (top + 1) & ~1 : 0;
        int endX = isBar(signals.width() - 1 - right, signals.width()) ? right + 1 : signals.width();
        int endY = isBar(signals.height() - 1 - bottom, signals.height()) ? bottom + 1 : signals.height();
        int width = (endX - x) & ~1;
        int height = (endY - y) & ~1;
        boolean whole = x == 0 && y == 0 && endX == signals.width() && endY == signals.height();
        return whole || width <= 0 || height <= 0 ? null : new Box(x, y, width, height);
    }

    /** How far something reaches in at least most samples. */
    private static int reach(int[] samples, IntUnaryOperator value) {
        int[] sorted = Arrays.stream(samples).map(value).sorted().toArray();
        return sorted[(int) Math.floor((1 - BARS_IN) * sorted.length)];
    }

    private boolean isBar(int length, int side) {
        return length > limits.barShare * side;
    }

    /** Between the samples that are nearest to 5 % and 95 % of a clip. */
    private double drift(int from, int until) {
        int[] first = nearest(from + (int) (0.05 * (until - from)));
        int[] last = nearest(from + (int) (0.95 * (until - from)));
        return first.length == 0
                ? Double.NaN
                : Long.bitCount(samples().phash()[first[0]] ^ samples().phash()[last[0]]);
    }
}
