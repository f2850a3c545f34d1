// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.scale.Plane;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures the frames of a video, or of a part of it, in one pass. Holds a few frames, whatever the length.
 *
 * <p>Every signal of a frame depends on the frame itself and the one before it, but for two: {@link
 * FrameSignals#still()} depends on the last frame that moved, and {@link FrameSignals.Samples#combed()} on two frames
 * that follow. So a part needs a frame before its own first one, and reads on past its end until both are known.
 */
public final class SignalPass {

    private static final double SAMPLES_A_SECOND = 2;

    /** Sharpness is measured of pictures whose short side has so many pixels, or as many as there are. */
    private static final int SHARPNESS_SIDE = 360;

    private final FootageReader reader;
    private final SignalOptions options;
    private final long firstPts;
    private final Frame frame;
    private final Content content;
    private final Histogram histogram = new Histogram(256);
    private final HashChange hash = new HashChange(16, 2);
    private final SoftTransition soft = new SoftTransition();
    private final Stillness stillness;
    private final Motion motion = new Motion();
    private final Recorder recorder = new Recorder();
    private final List<byte[]> lumas = new ArrayList<>(3); // of a sampled frame and those that follow it
    private long slotBefore = -1;

    private SignalPass(FootageReader reader, SignalOptions options, long firstPts) {
        this.reader = reader;
        this.options = options;
        this.firstPts = firstPts;
        this.frame = new Frame(reader, options);
        this.content = new Content(options.edges());
        this.stillness = new Stillness(options.noise());
    }

    /**
     * Where a part begins and ends.
     *
     * @param firstPts when the first frame of the video is shown, in units of its time base
     * @param from when the first frame of the part is shown; at or before {@code firstPts} in the first part
     * @param until when the first frame after the part is shown; {@link Long#MAX_VALUE} in the last part
     */
    public record Part(long firstPts, long from, long until) {}

    /**
     * Measures a whole video.
     *
     * @param reader that has not read yet
     * @throws MediaException when it has no frame, or is damaged so that decoding cannot go on
     * @throws IOException when the storage fails
     */
    public static FrameSignals whole(FootageReader reader, SignalOptions options) throws MediaException, IOException {
        requireFrame(reader);
        return new SignalPass(reader, options, reader.pts())
                .run(Long.MIN_VALUE, Long.MAX_VALUE)
                .signals();
    }

    /**
     * Measures a part of a video.
     *
     * @param reader that has not read yet, and begins at a frame before the part, if there is one
     * @throws MediaException when there is no frame, or is damaged so that decoding cannot go on
     * @throws IOException when the storage fails
     */
    public static PartSignals part(FootageReader reader, SignalOptions options, Part part)
            throws MediaException, IOException {
        requireFrame(reader);
        return new SignalPass(reader, options, part.firstPts()).run(part.from(), part.until());
    }

    private static void requireFrame(FootageReader reader) throws MediaException, IOException {
        if (!reader.next()) {
            throw new MediaException(MediaProblem.NO_FRAMES, "not one frame can be decoded");
        }
    }

    private PartSignals run(long from, long until) throws MediaException, IOException {
        int width = reader.width();
        int height = reader.height();
        int settledFrom = reader.pts() >= from && from <= firstPts ? 0 : -1;
        Lists.Floats after = new Lists.Floats();
        boolean settledAfter = false;
        do {
            boolean ended = reader.pts() >= until;
            if (ended && (settledAfter || settledFrom < 0) && lumas.isEmpty()) {
                break;
            }
            frame.take();
            long slot = slot();
            boolean sampled = slot != slotBefore;
            slotBefore = slot;
            byte[][] planes = frame.planes();
            Stillness.Distance still = stillness.next(planes);
            if (ended) {
                comb(sampled);
                if (!settledAfter && settledFrom >= 0) {
                    after.add(still.distance());
                    settledAfter = still.settled();
                }
                continue;
            }
            boolean recorded = reader.pts() >= from;
            measure(planes, still, recorded, sampled);
            if (recorded && settledFrom < 0 && still.settled()) {
                settledFrom = recorder.frames();
            }
        } while (reader.next());
        finishCombing();
        FrameSignals signals = recorder.signals(
                reader.timeBaseNumerator(), reader.timeBaseDenominator(), reader.averageRate(), width, height);
        return new PartSignals(signals, settledFrom < 0 ? signals.frames() : settledFrom, after.toArray());
    }

    /** Takes all signals of a frame; those of a frame before the part serve the next one alone. */
    private void measure(byte[][] planes, Stillness.Distance still, boolean recorded, boolean sampled)
            throws MediaException {
        Picture picture = frame.picture();
        float[] changes = content.next(picture);
        float correlation = histogram.next(frame.pictureLuma());
        float hashed = hash.next(frame.grey(), picture.width());
        float likeness = options.soft() ? soft.next(picture, frame.grey()) : 0;
        float moved = motion.next(planes[0], frame.lumaWidth());
        if (!recorded) {
            return;
        }
        int index = recorder.frames();
        recorder.pts.add(reader.pts());
        recorder.hue.add(changes[0]);
        recorder.saturation.add(changes[1]);
        recorder.value.add(changes[2]);
        if (options.edges()) {
            recorder.edges.add(changes[3]);
        }
        recorder.histogram.add(correlation);
        recorder.hash.add(hashed);
        if (options.soft()) {
            recorder.soft.add(likeness);
        }
        recorder.colour.add(picture.mean());
        Brightness brightness =
                Brightness.of(Plane.packed(planes[0], frame.lumaWidth(), planes[0].length / frame.lumaWidth()));
        recorder.luma.add(brightness.mean());
        recorder.dark.add(brightness.percentile(10));
        recorder.bright.add(brightness.percentile(90));
        recorder.black.add(brightness.black(options.blackLevel(), reader.fullRange()));
        recorder.still.add(still.distance());
        recorder.motion.add(moved);
        if (reader.keyframe()) {
            recorder.keyframes.add(index);
        }
        if (reader.damaged()) {
            recorder.damaged.add(index);
        }
        comb(sampled);
        if (sampled) {
            sample(index, picture);
        }
    }

    private long slot() {
        double seconds = (double) (reader.pts() - firstPts) * reader.timeBaseNumerator() / reader.timeBaseDenominator();
        return (long) Math.floor(seconds * SAMPLES_A_SECOND);
    }

    private void sample(int index, Picture picture) throws MediaException {
        Plane luma = frame.luma();
        Bars bars = Bars.of(luma, options.barLimit()).refined(luma, options.barLimit());
        byte[] packed = luma.packed();
        recorder.sampled.add(index);
        recorder.left.add(bars.left());
        recorder.right.add(bars.right());
        recorder.top.add(bars.top());
        recorder.bottom.add(bars.bottom());
        recorder.sharpness.add(sharpness(packed, luma.width()));
        recorder.phash.add(PerceptualHash.phash(PerceptualHash.grey(picture), picture.width()));
        lumas.add(packed);
    }

    private static double sharpness(byte[] luma, int width) {
        int height = luma.length / width;
        int shortest = Math.min(width, height);
        if (shortest <= SHARPNESS_SIDE) {
            return Sharpness.variance(luma, width);
        }
        int scaledWidth = (int) Math.rint((double) width * SHARPNESS_SIDE / shortest);
        int scaledHeight = (int) Math.rint((double) height * SHARPNESS_SIDE / shortest);
        return Sharpness.variance(new AreaScaler(width, height, scaledWidth, scaledHeight).scale(luma), scaledWidth);
    }

    /** Adds a frame to those that follow a sampled one, if they are still too few and it begins no sample of its own. */
    private void comb(boolean sampled) throws MediaException {
        if (sampled) {
            finishCombing();
        }
        if (lumas.isEmpty()) {
            return;
        }
        Plane luma = frame.luma();
        if (luma.width() * luma.height() != lumas.get(0).length) {
            finishCombing();
            return;
        }
        lumas.add(luma.packed());
        if (lumas.size() == 3) {
            recorder.combed.add(Combing.of(lumas.get(0), lumas.get(1), lumas.get(2), luma.width())
                    .code());
            lumas.clear();
        }
    }

    /** Where two frames do not follow, nothing tells whether the sampled one is combed. */
    private void finishCombing() {
        if (!lumas.isEmpty()) {
            recorder.combed.add(Combing.Kind.UNDETERMINED.code());
            lumas.clear();
        }
    }
}
