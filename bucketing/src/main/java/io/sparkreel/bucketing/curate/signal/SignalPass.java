// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.curate.signal.Stillness.Distance;
import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.scale.Plane;
import java.io.IOException;

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
    private final byte[][] lumas = new byte[3][0]; // of a sampled frame and those that follow it
    private int lumasHeld;
    private int[][] planes;
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
     * Measures a whole video.
     *
     * @param reader that has not read yet
     * @throws MediaException when it has no frame, or is damaged so that decoding cannot go on
     * @throws IOException when the storage fails
     */
    public static FrameSignals whole(FootageReader reader, SignalOptions options) throws MediaException, IOException {
        return part(reader, options, Part.WHOLE).signals();
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
        long firstPts = part.isFirst() ? reader.pts() : part.firstPts();
        return new SignalPass(reader, options, firstPts).run(part.from(), part.until());
    }

    static void requireFrame(FootageReader reader) throws MediaException, IOException {
        if (!reader.next()) {
            throw new MediaException(MediaProblem.NO_FRAMES, "not one frame can be decoded");
        }
    }

    private PartSignals run(long from, long until) throws MediaException, IOException {
        int width = reader.width();
        int height = reader.height();
        boolean withStill = options.takes(Signal.STILL);
        int settledFrom = !withStill || (reader.pts() >= from && from <= firstPts) ? 0 : -1;
        Lists.Floats after = new Lists.Floats();
        boolean settledAfter = !withStill;
        do {
            boolean ended = reader.pts() >= until;
            if (ended && (settledAfter || settledFrom < 0) && lumasHeld == 0) {
                break;
            }
            frame.take();
            boolean sampled = isSample();
            if (ended) {
                comb(sampled);
                if (!settledAfter && settledFrom >= 0) {
                    planes = frame.planes(stillness.spare());
                    Distance still = stillness.next(planes);
                    after.add(still.distance());
                    settledAfter = still.settled();
                }
                continue;
            }
            boolean recorded = reader.pts() >= from;
            // What is measured of a frame before the part serves the next one alone.
            Recorder to = recorded ? recorder : new Recorder();
            boolean settled = measurePlanes(to);
            measurePicture(to);
            if (recorded) {
                note(sampled);
                if (settledFrom < 0 && settled) {
                    settledFrom = recorder.frames();
                }
            }
        } while (reader.next());
        finishCombing();
        FrameSignals signals = recorder.signals(
                reader.timeBaseNumerator(), reader.timeBaseDenominator(), reader.averageRate(), width, height);
        return new PartSignals(signals, settledFrom < 0 ? signals.frames() : settledFrom, after.toArray());
    }

    /** Whether how still later frames are no longer depends on what came before this one. */
    private boolean measurePlanes(Recorder to) throws MediaException {
        if (!options.takesAny(Signal.OF_PLANES)) {
            return false;
        }
        planes = frame.planes(options.takes(Signal.STILL) ? stillness.spare() : planes);
        if (options.takes(Signal.MOTION)) {
            to.motion.add(motion.next(planes[0], frame.lumaWidth()));
        }
        if (options.takes(Signal.LUMA)) {
            Brightness brightness = Brightness.of(planes[0]);
            to.luma.add(brightness.mean());
            to.dark.add(brightness.percentile(10));
            to.bright.add(brightness.percentile(90));
            to.black.add(brightness.black(options.blackLevel(), reader.fullRange()));
        }
        if (!options.takes(Signal.STILL)) {
            return false;
        }
        Distance still = stillness.next(planes);
        to.still.add(still.distance());
        return still.settled();
    }

    private void measurePicture(Recorder to) throws MediaException {
        if (!options.takesAny(Signal.OF_PICTURE)) {
            return;
        }
        Picture picture = frame.picture();
        if (options.takes(Signal.CONTENT)) {
            float[] changes = content.next(picture);
            to.hue.add(changes[0]);
            to.saturation.add(changes[1]);
            to.value.add(changes[2]);
            if (options.edges()) {
                to.edges.add(changes[3]);
            }
        }
        if (options.takes(Signal.HISTOGRAM)) {
            to.histogram.add(histogram.next(frame.pictureLuma()));
        }
        if (options.takes(Signal.HASH)) {
            to.hash.add(hash.next(frame.grey(), picture.width()));
        }
        if (options.soft() || options.takes(Signal.COLOUR)) {
            int[][] levels = {
                Planes.counts(picture.blue()), Planes.counts(picture.green()), Planes.counts(picture.red())
            };
            if (options.takes(Signal.COLOUR)) {
                long sum = Planes.sum(levels[0]) + Planes.sum(levels[1]) + Planes.sum(levels[2]);
                to.colour.add((double) sum / (3L * picture.pixels()));
            }
            if (options.soft()) {
                to.soft.add(soft.next(levels, frame.grey(), picture.width()));
            }
        }
    }

    /** Records a frame of the part itself, whose picture and planes are measured. */
    private void note(boolean sampled) throws MediaException {
        int index = recorder.frames();
        recorder.pts.add(reader.pts());
        if (reader.keyframe()) {
            recorder.keyframes.add(index);
        }
        if (reader.damaged()) {
            recorder.damaged.add(index);
        }
        comb(sampled);
        if (sampled && options.takes(Signal.SAMPLES)) {
            sample(index);
        }
    }

    private boolean isSample() {
        double seconds = (double) (reader.pts() - firstPts) * reader.timeBaseNumerator() / reader.timeBaseDenominator();
        long slot = (long) Math.floor(seconds * SAMPLES_A_SECOND);
        boolean first = slot != slotBefore;
        slotBefore = slot;
        return first;
    }

    private void sample(int index) throws MediaException {
        Plane luma = frame.luma();
        Bars bars = Bars.of(luma, options.barLimit()).refined(luma, options.barLimit());
        byte[] packed = hold(luma);
        recorder.sampled.add(index);
        recorder.left.add(bars.left());
        recorder.right.add(bars.right());
        recorder.top.add(bars.top());
        recorder.bottom.add(bars.bottom());
        recorder.sharpness.add(sharpness(packed, luma.width()));
        recorder.phash.add(frame.phash());
    }

    private static double sharpness(byte[] luma, int width) {
        int height = luma.length / width;
        int shortest = Math.min(width, height);
        if (shortest <= SHARPNESS_SIDE) {
            int[] plane = new int[luma.length];
            Plane.packed(luma, width, height).pack(plane);
            return Sharpness.variance(plane, width);
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
        if (lumasHeld == 0) {
            return;
        }
        Plane luma = frame.luma();
        if (luma.width() * luma.height() != lumas[0].length) {
            finishCombing();
            return;
        }
        hold(luma);
        if (lumasHeld == 3) {
            recorder.combed.add(
                    Combing.of(lumas[0], lumas[1], lumas[2], luma.width()).code());
            lumasHeld = 0;
        }
    }

    private byte[] hold(Plane luma) {
        int length = luma.width() * luma.height();
        if (lumas[lumasHeld].length != length) {
            lumas[lumasHeld] = new byte[length];
        }
        luma.pack(lumas[lumasHeld]);
        return lumas[lumasHeld++];
    }

    /** Where two frames do not follow, nothing tells whether the sampled one is combed. */
    private void finishCombing() {
        if (lumasHeld > 0) {
            recorder.combed.add(Combing.Kind.UNDETERMINED.code());
            lumasHeld = 0;
        }
    }
}
