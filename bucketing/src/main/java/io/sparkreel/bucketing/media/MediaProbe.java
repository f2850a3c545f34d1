// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;

import io.sparkreel.bucketing.media.format.SourceBytes;
import java.io.IOException;
import java.util.Objects;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;

/** Finds out what a media file holds, reading as little of it as that takes. */
public final class MediaProbe {

    private MediaProbe() {}

    /**
     * Probes one file.
     *
     * <p>Frames are counted as {@code ffprobe -count_packets} does: from the sample table of MP4 and
     * MOV, else by walking through the packets. Where the container's own tables or box sizes reach
     * beyond the end of the file it is put aside as truncated, whatever the options.
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
                    "%s; %d frames can be decoded".formatted(exception.detail(), Verification.decodable(source)));
        }
    }

    private static MediaInfo read(MediaSource source, ProbeOptions options) throws MediaException, IOException {
        try (NativeInput input = NativeInput.open(source)) {
            if (isIncomplete(input)) {
                input.analyse();
            }
            requireSize(input);
            FrameTally tally =
                    input.isStillFormat() ? new FrameTally(1, 1, true) : FrameTally.of(input, options.frameCount());
            if (tally.frames() < 1) {
                throw new MediaException(MediaProblem.NO_FRAMES, "the picture stream does not hold a single frame");
            }
            int frames = Verification.of(source, input, tally, options.verify());
            return describe(input, frames, tally.keyframeInterval());
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
            throw new MediaException(
                    MediaProblem.NO_SIZE, "neither the headers nor the first frames tell width and height");
        }
        if (width * height > NativeInput.MAX_PIXELS) {
            throw new MediaException(
                    MediaProblem.TOO_LARGE,
                    "pictures of %dx%d have more than %d pixels".formatted(width, height, NativeInput.MAX_PIXELS));
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

    private static MediaInfo describe(NativeInput input, int frames, int keyframeInterval) {
        AVCodecParameters parameters = input.parameters();
        String codec = avcodec_get_name(parameters.codec_id()).getString();
        boolean still = input.isStillFormat() || (input.isFormat("gif") && frames == 1);
        if (still) {
            return new MediaInfo(MediaKind.IMAGE, parameters.width(), parameters.height(), 0, 1, 0, 0, codec, 1);
        }
        Orientation orientation = Orientation.of(input.displayMatrix());
        double duration = StreamFacts.duration(input);
        double fps = StreamFacts.rate(input.stream());
        if (fps <= 0 && duration > 0) {
            fps = frames / duration;
        }
        // An AVI duration is the header's number of frames, which may lie, over its rate.
        if (fps > 0 && (duration <= 0 || input.isFormat("avi"))) {
            duration = frames / fps;
        }
        return new MediaInfo(
                MediaKind.VIDEO,
                orientation.swapAxes() ? parameters.height() : parameters.width(),
                orientation.swapAxes() ? parameters.width() : parameters.height(),
                orientation.degrees(),
                frames,
                fps,
                duration,
                codec,
                keyframeInterval);
    }
}
