// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;

import io.sparkreel.bucketing.media.MediaInfo.Stored;
import io.sparkreel.bucketing.media.format.ImageSize;
import io.sparkreel.bucketing.media.format.ImageTags;
import io.sparkreel.bucketing.media.format.SourceBytes;
import io.sparkreel.bucketing.media.range.FrameRange;
import io.sparkreel.bucketing.media.range.FrameTimes;
import java.io.IOException;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;

/** Finds out what a media file holds, reading as little of it as that takes. */
public final class MediaProbe {

    private MediaProbe() {}

    /**
     * Probes one file.
     *
     * <p>Frames are those that a player shows, as {@code ffprobe -count_frames} counts them: from the sample table of
     * MP4 and MOV without what their edit lists hide, else by walking through the packets without those that only
     * others refer to; what cannot be decoded at the beginning, for want of what was cut off before it, is no frame
     * either. Where the container's own tables or box sizes reach beyond the end of the file it is put aside as
     * truncated, whatever the options.
     *
     * @throws MediaException when the file is to be put aside
     * @throws IOException when the storage fails
     */
    public static MediaInfo probe(MediaSource source, ProbeOptions options) throws MediaException, IOException {
        Objects.requireNonNull(options, "options");
        try {
            return read(source, options);
        } catch (MediaException exception) {
            if (exception.problem() != MediaProblem.TRUNCATED || options.verify() != Verify.FULL) {
                throw exception;
            }
            throw new MediaException(
                    MediaProblem.TRUNCATED,
                    String.format(
                            Locale.ROOT,
                            "%s; %d frames can be decoded",
                            exception.detail(),
                            Verification.decodable(source)));
        }
    }

    private static MediaInfo read(MediaSource source, ProbeOptions options) throws MediaException, IOException {
        try (NativeInput input = NativeInput.open(source)) {
            if (isIncomplete(input)) {
                input.analyse();
            }
            requireSize(input);
            requireDecodable(input);
            FrameTally tally = input.isStillFormat() ? FrameTally.still() : FrameTally.of(input, options.frameCount());
            if (tally.frames() < 1) {
                throw new MediaException(MediaProblem.NO_FRAMES, "the picture stream does not hold a single frame");
            }
            int frames = Verification.of(source, input, tally, options.verify());
            return describe(input, options.pictures(), frames, tally);
        }
    }

    /**
     * Decodes a range before it is believed in, as {@link #probe} does with a whole file.
     *
     * @throws MediaException when one of its frames is damaged or missing
     * @throws IOException when the storage fails
     */
    public static void verify(MediaSource source, FrameRange range, ProbeOptions options)
            throws MediaException, IOException {
        if (options.verify() != Verify.NONE) {
            Verification.ofRange(
                    source, range, options.verify(), options.pictures().hiddenFrames());
        }
    }

    /**
     * When the frames of a film are shown. Of MP4 and MOV the headers are read, of others all of the file.
     *
     * @param film what {@link #probe} found of the file
     * @throws InvalidInputException when the time stamps of the file do not tell
     * @throws IOException when the storage fails
     */
    public static FrameTimes frameTimes(MediaSource source, MediaInfo film) throws MediaException, IOException {
        try (NativeInput input = NativeInput.open(source)) {
            if (input.hasWholeSampleTable()) {
                input.readOnWithoutData();
            } else {
                input.analyse();
            }
            return FrameTally.times(input, film.stored().counted() ? film.numFrames() : Integer.MAX_VALUE);
        }
    }

    private static boolean isIncomplete(NativeInput input) {
        AVCodecParameters parameters = input.parameters();
        boolean withoutSize = parameters.width() <= 0 || parameters.height() <= 0;
        return withoutSize || (!input.isStillFormat() && StreamFacts.rate(input.stream()) <= 0);
    }

    private static void requireSize(NativeInput input) throws MediaException, IOException {
        AVCodecParameters parameters = input.parameters();
        long width = parameters.width();
        long height = parameters.height();
        if (width <= 0 || height <= 0) {
            if (isAnimatedWebp(input)) {
                throw new MediaException(MediaProblem.UNSUPPORTED_CODEC, "FFmpeg has no decoder for animated WebP");
            }
            // Decoders say nothing of a picture that is too large for them.
            Optional<ImageSize> size = ImageSize.read(input.source(), input.formatName());
            if (size.isPresent()) {
                requireFewPixels(size.get().width(), size.get().height());
            }
            throw new MediaException(
                    MediaProblem.NO_SIZE, "neither the headers nor the first frames tell width and height");
        }
        requireFewPixels(width, height);
    }

    private static void requireFewPixels(long width, long height) throws MediaException {
        if (width * height > NativeInput.MAX_PIXELS) {
            throw new MediaException(
                    MediaProblem.TOO_LARGE,
                    String.format(
                            Locale.ROOT,
                            "pictures of %dx%d have more than %d pixels",
                            width,
                            height,
                            NativeInput.MAX_PIXELS));
        }
    }

    /** By a flag of the extended header (RFC 9649, 2.7). */
    private static boolean isAnimatedWebp(NativeInput input) throws IOException {
        SourceBytes bytes = new SourceBytes(input.source());
        bytes.seek(12);
        boolean extended = bytes.bigEndian(4) == 0x56503858; // VP8X
        bytes.skip(4);
        return input.isFormat("webp_pipe") && extended && (bytes.next() & 2) != 0;
    }

    /** Refuses what no decoder reads, or reads as something that it is not. */
    static void requireDecodable(NativeInput input) throws MediaException, IOException {
        if (input.isEncrypted()) {
            throw new MediaException(MediaProblem.UNSUPPORTED_CODEC, "the pictures are encrypted");
        }
        FrameDecoder.requireDecoder(input.parameters().codec_id());
        if (input.isFormat("tiff_pipe")) {
            String unsupported =
                    ImageTags.read(input.source(), input.formatName()).unsupportedTiff();
            if (unsupported != null) {
                throw new MediaException(MediaProblem.UNSUPPORTED_CODEC, unsupported);
            }
        }
        if (input.parameters().format() >= 0) {
            RgbConverter.requireConvertible(input.parameters().format());
        }
    }

    private static MediaInfo describe(NativeInput input, PictureRules rules, int frames, FrameTally tally)
            throws IOException {
        AVCodecParameters parameters = input.parameters();
        String codec = avcodec_get_name(parameters.codec_id()).getString();
        Display display = Display.of(input, rules);
        int width = display.width(parameters.height(), parameters.width());
        int height = display.height(parameters.height(), parameters.width());
        int degrees = display.orientation().degrees();
        Stored stored = new Stored(parameters.width(), parameters.height(), tally.packets(), tally.exact(), display);
        boolean still = input.isStillFormat() || (input.isFormat("gif") && frames == 1);
        if (still) {
            return new MediaInfo(MediaKind.IMAGE, width, height, degrees, 1, 0, 0, codec, 1, stored);
        }
        double duration = duration(input, tally);
        double fps = StreamFacts.rate(input.stream());
        double counted = duration > 0 ? frames / duration : 0;
        if (fps <= 0 || (tally.exact() && frames > 1 && counted > 0 && isFarFrom(fps, counted))) {
            fps = counted; // what headers name as a rate may be the unit of their time stamps
        }
        // An AVI duration is the header's number of frames, which may lie, over its rate.
        if (fps > 0 && (duration <= 0 || input.isFormat("avi"))) {
            duration = frames / fps;
        }
        return new MediaInfo(
                MediaKind.VIDEO,
                width,
                height,
                degrees,
                frames,
                fps,
                duration,
                codec,
                tally.keyframeInterval(),
                stored);
    }

    /** Of the headers, unless time stamps that were read show that it is another film's. */
    private static double duration(NativeInput input, FrameTally tally) {
        double named = StreamFacts.duration(input);
        return tally.seconds() > 0 && (named <= 0 || isFarFrom(named, tally.seconds())) ? tally.seconds() : named;
    }

    private static boolean isFarFrom(double value, double other) {
        return value > 2 * other || other > 2 * value;
    }
}
