// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.media.PictureRules.ImageOrientation;
import io.sparkreel.bucketing.media.range.CropBox;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.scale.FrameScaler;
import io.sparkreel.bucketing.media.scale.FrameTransform;
import io.sparkreel.bucketing.media.scale.Size;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Reads frames of a clip as the model wants them: as they are shown, brought to the size of the
 * bucket, in [-1, 1]. Decodes on the calling thread.
 */
public final class ClipReader {

    private ClipReader() {}

    /**
     * What frames are brought to. A size that the transform cannot make is refused by an {@link InvalidInputException}.
     *
     * @param height in pixels
     * @param width in pixels
     * @param pictures how what is stored is shown
     */
    public record Target(FrameTransform transform, int height, int width, PictureRules pictures) {

        public Target {
            transform.requireTarget(height, width);
        }

        private int frameValues() {
            return Math.multiplyExact(3, Math.multiplyExact(height, width));
        }
    }

    /**
     * Reads chosen frames and decodes no further than the last of them.
     *
     * @param kind decides the way of scaling; an image has the one frame 0
     * @param frameIndices positions in display order, from 0, in the order wanted
     * @return the frames, in the order of {@code frameIndices}
     * @throws MediaException when one of these frames is damaged, or the file has fewer
     * @throws IOException when the storage fails
     * @throws InvalidInputException when no frame or a negative one is asked for
     */
    public static PixelClip read(MediaSource source, MediaKind kind, int[] frameIndices, Target target)
            throws MediaException, IOException {
        return read(source, kind, Excerpt.WHOLE, frameIndices, target);
    }

    /**
     * Reads chosen frames of a part of a file.
     *
     * @param part what of the file the clip is
     * @param frameIndices positions in the part, from 0
     * @see #read(MediaSource, MediaKind, int[], Target)
     */
    public static PixelClip read(MediaSource source, MediaKind kind, Excerpt part, int[] frameIndices, Target target)
            throws MediaException, IOException {
        Chosen chosen = readChosen(source, kind, part, frameIndices, target);
        if (chosen.clip == null) {
            throw fewer(frameIndices, chosen.frames);
        }
        return chosen.clip;
    }

    /**
     * Reads frames of a clip that may have fewer than were counted: then it is chosen again among those that are
     * there.
     *
     * @param part what of the file the clip is
     * @param counted frames that the clip should have
     * @param choice which frames are wanted of a clip of so many; may refuse a number by an {@link
     *     InvalidInputException}
     * @throws MediaException when one of the frames is damaged, or too few are there to choose from
     * @throws IOException when the storage fails
     */
    public static PixelClip read(
            MediaSource source, MediaKind kind, Excerpt part, int counted, IntFunction<int[]> choice, Target target)
            throws MediaException, IOException {
        Chosen chosen = readChosen(source, kind, part, choice.apply(counted), target);
        return chosen.clip != null
                ? chosen.clip
                : read(source, kind, part, amongFewer(counted, chosen.frames, choice), target);
    }

    static int[] amongFewer(int counted, int there, IntFunction<int[]> choice) throws MediaException {
        try {
            if (there > 0) {
                return choice.apply(there);
            }
        } catch (InvalidInputException tooFew) {
            // told below
        }
        throw new MediaException(
                there == 0 ? MediaProblem.NO_FRAMES : MediaProblem.TRUNCATED,
                String.format(
                        Locale.ROOT, "%d frames were counted, %d can be decoded, which are too few", counted, there));
    }

    static MediaException fewer(int[] frameIndices, int there) {
        return new MediaException(
                there == 0 ? MediaProblem.NO_FRAMES : MediaProblem.TRUNCATED,
                String.format(Locale.ROOT, "frame %d was asked for, %d can be decoded", last(frameIndices), there));
    }

    private static int last(int[] frameIndices) {
        return Arrays.stream(frameIndices).max().orElseThrow();
    }

    /** The frames, or how many there are if they are too few: then the clip is null. */
    private record Chosen(PixelClip clip, int frames) {}

    private static Chosen readChosen(
            MediaSource source, MediaKind kind, Excerpt part, int[] frameIndices, Target target)
            throws MediaException, IOException {
        if (frameIndices.length == 0 || Arrays.stream(frameIndices).min().getAsInt() < 0) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot read frames: the indices are %s. Name at least one frame, counting from 0.",
                    Arrays.toString(frameIndices)));
        }
        try {
            return readChosen(source, kind, part, frameIndices, target, 0);
        } catch (MediaException damage) {
            if (part.start() == 0 || damage.problem() != MediaProblem.DECODE_ERROR) {
                throw damage;
            }
            // What seems damaged may only lack what comes before, where a file calls a picture a keyframe that is none.
            return readChosen(source, kind, part, frameIndices, target, 1);
        }
    }

    private static Chosen readChosen(
            MediaSource source, MediaKind kind, Excerpt part, int[] frameIndices, Target target, int back)
            throws MediaException, IOException {
        int frameValues = target.frameValues();
        float[] values = new float[Math.multiplyExact(frameValues, frameIndices.length)];
        int last = last(frameIndices);
        // A whole file is decoded from its beginning, as it always was: so much of it is wanted.
        int begin =
                part.frames() == null ? 0 : Arrays.stream(frameIndices).min().getAsInt();
        try (Pictures pictures = Pictures.open(source, kind, part, begin, target, back)) {
            for (int index = begin; index <= last; index++) {
                if (!pictures.next()) {
                    return new Chosen(null, pictures.frames());
                }
                int first = -1;
                for (int slot = 0; slot < frameIndices.length; slot++) {
                    if (frameIndices[slot] != index) {
                        continue;
                    }
                    if (first < 0) {
                        pictures.requireUndamaged(index);
                        pictures.scale(values, slot * frameValues);
                        first = slot;
                    } else {
                        System.arraycopy(values, first * frameValues, values, slot * frameValues, frameValues);
                    }
                }
            }
        }
        return new Chosen(new PixelClip(values, frameIndices.length, target.height(), target.width()), last + 1);
    }

    /**
     * Reads every frame, for a cache of decoded clips.
     *
     * @param part what of the file the clip is
     * @param maxBytes most memory the frames may take, at 4 bytes a value
     * @return all frames up to the first that cannot be decoded; empty when they would take more than {@code maxBytes}
     * @throws MediaException when there is not one
     * @throws IOException when the storage fails
     */
    public static Optional<DecodedClip> readAll(
            MediaSource source, MediaKind kind, Excerpt part, Target target, long maxBytes)
            throws MediaException, IOException {
        Optional<DecodedClip> clip = readAll(source, kind, part, target, maxBytes, 0);
        boolean damaged = clip.isPresent()
                && (clip.get().end() != null || !clip.get().damaged().isEmpty());
        return damaged && part.start() > 0 ? readAll(source, kind, part, target, maxBytes, 1) : clip;
    }

    private static Optional<DecodedClip> readAll(
            MediaSource source, MediaKind kind, Excerpt part, Target target, long maxBytes, int back)
            throws MediaException, IOException {
        int frameValues = target.frameValues();
        // An array has fewer than 2^31 entries, however much memory there is.
        long maxFrames = Math.min(maxBytes / Float.BYTES, Integer.MAX_VALUE - 8L) / frameValues;
        List<float[]> frames = new ArrayList<>();
        BitSet damaged = new BitSet();
        MediaException end = null;
        try (Pictures pictures = Pictures.open(source, kind, part, 0, target, back)) {
            while (pictures.next()) {
                if (frames.size() >= maxFrames) {
                    return Optional.empty();
                }
                float[] values = new float[frameValues];
                pictures.scale(values, 0);
                damaged.set(frames.size(), pictures.isDamaged());
                frames.add(values);
                if (kind == MediaKind.IMAGE) {
                    break;
                }
            }
        } catch (MediaException damage) {
            end = damage;
        }
        if (frames.isEmpty()) {
            throw end != null ? end : new MediaException(MediaProblem.NO_FRAMES, "not one frame can be decoded");
        }
        float[] values = new float[frameValues * frames.size()];
        for (int i = 0; i < frames.size(); i++) {
            System.arraycopy(frames.get(i), 0, values, i * frameValues, frameValues);
        }
        PixelClip clip = new PixelClip(values, frames.size(), target.height(), target.width());
        return Optional.of(new DecodedClip(clip, damaged, end));
    }

    /** Decodes, converts and scales the frames of one clip, one after the other. */
    private static final class Pictures implements AutoCloseable {

        private final RangeDecoder decoder;
        private final RgbConverter converter;
        private final Display display;
        private final boolean image;
        private final Excerpt part;
        private final Target target;
        private int next;
        private AVFrame frame;
        private FrameScaler scaler;
        private boolean[] rows;
        private Size stored;

        private Pictures(RangeDecoder decoder, Display display, boolean image, Excerpt part, int first, Target target) {
            this.decoder = decoder;
            this.display = display;
            this.image = image;
            this.part = part;
            this.target = target;
            this.next = part.start() + first;
            this.converter =
                    new RgbConverter(display.orientation(), target.pictures().background());
        }

        /**
         * @param first frame of the part that is wanted first
         * @param back see {@link RangeDecoder}
         */
        static Pictures open(MediaSource source, MediaKind kind, Excerpt part, int first, Target target, int back)
                throws MediaException, IOException {
            PictureRules rules = target.pictures();
            RangeDecoder decoder = RangeDecoder.open(source, part.start() + first, rules.hiddenFrames(), back);
            try {
                Display display = Display.of(decoder.input(), rules);
                boolean image = kind == MediaKind.IMAGE;
                boolean upright = image && rules.orientation() == ImageOrientation.IGNORE;
                return new Pictures(decoder, upright ? display.upright() : display, image, part, first, target);
            } catch (IOException | RuntimeException failure) {
                decoder.close();
                throw failure;
            }
        }

        /** Decodes the next frame; false after the last one of the part or of the file. */
        boolean next() throws MediaException, IOException {
            if (next >= part.end()) {
                return false;
            }
            next++;
            frame = decoder.next();
            return frame != null;
        }

        /** Frames of the part that are there, once there is no next one. */
        int frames() {
            return Math.max(0, Math.min(decoder.frames(), part.end()) - part.start());
        }

        boolean isDamaged() {
            return decoder.damagedSinceKeyframe();
        }

        void requireUndamaged(int index) throws MediaException {
            if (isDamaged()) {
                throw DecodedClip.damage(index);
            }
        }

        void scale(float[] values, int offset) throws MediaException {
            converter.prepare(frame);
            CropBox crop = part.crop();
            Size now = new Size(converter.height(), converter.width());
            if (scaler == null || !now.equals(stored)) {
                stored = now;
                requireWithin(crop, now);
                Size cut = crop == null ? now : new Size(crop.height(), crop.width());
                Size shown = display.shown(cut.width(), cut.height());
                Size wanted = new Size(target.height(), target.width());
                scaler = image
                        ? target.transform().imageScaler(cut, shown, wanted)
                        : target.transform().videoScaler(cut, shown, wanted);
                rows = crop == null ? scaler.rows() : crop.rows(scaler.rows(), now.height());
            }
            byte[] rgb = converter.convert(frame, rows);
            scaler.scale(crop == null ? rgb : crop.cut(rgb, now.width()), values, offset);
        }

        private static void requireWithin(CropBox crop, Size picture) throws MediaException {
            if (crop != null && !crop.fits(picture.width(), picture.height())) {
                throw new MediaException(
                        MediaProblem.DECODE_ERROR,
                        String.format(
                                Locale.ROOT,
                                "the crop box %s is not within pictures of %dx%d",
                                crop,
                                picture.width(),
                                picture.height()));
            }
        }

        @Override
        public void close() {
            converter.close();
            decoder.close();
        }
    }
}
