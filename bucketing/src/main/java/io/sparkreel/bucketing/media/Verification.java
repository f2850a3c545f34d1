// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import io.sparkreel.bucketing.media.format.ContainerExtent;
import io.sparkreel.bucketing.media.format.FileEnd;
import io.sparkreel.bucketing.media.range.FrameRange;
import java.io.IOException;
import java.util.Locale;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/** Decodes before believing. */
final class Verification {

    private Verification() {}

    /**
     * Decodes what was asked for.
     *
     * @return the number of frames to believe in: as tallied, or as decoded where a tally was an
     *     estimate or a codec hides packets that show nothing
     */
    static int of(MediaSource source, NativeInput probed, FrameTally tally, Verify verify)
            throws MediaException, IOException {
        if (verify == Verify.NONE) {
            return tally.frames();
        }
        String missing = tally.located() ? beyondTable(source, probed) : FileEnd.missing(source, probed.formatName());
        if (missing != null) {
            throw new MediaException(MediaProblem.TRUNCATED, missing);
        }
        if (verify == Verify.EDGES && !probed.isStillFormat() && edgesDecode(source)) {
            return tally.frames();
        }
        return all(source, tally);
    }

    /**
     * Media data may name more bytes than the file has: it is cut short if one of the samples is among them. Any other
     * box is.
     */
    private static String beyondTable(MediaSource source, NativeInput probed) throws IOException {
        ContainerExtent extent = ContainerExtent.read(source);
        boolean whole = !extent.endsBeyondFile() || (extent.inMediaData() && !probed.hasSamplesBeyondEnd());
        return whole ? null : extent.describe();
    }

    /**
     * Whether the first and the last frames decode without damage. Where they do not, only decoding all tells why: the
     * container may not be able to seek, or may seek to what is no keyframe.
     */
    private static boolean edgesDecode(MediaSource source) throws IOException {
        try (NativeInput input = NativeInput.open(source);
                FrameDecoder decoder = FrameDecoder.open(input)) {
            requireFirst(decoder);
            if (!decoder.seekToLastKeyframe()) {
                return false;
            }
            drain(decoder);
            return decoder.decoded() > 1 && !decoder.damaged();
        } catch (MediaException damage) {
            return false;
        }
    }

    /**
     * Decodes a range: all of it, or its first and its last frame.
     *
     * @throws MediaException when one of these is damaged or missing
     */
    static void ofRange(MediaSource source, FrameRange range, Verify verify, boolean hiddenFrames)
            throws MediaException, IOException {
        if (verify == Verify.FULL) {
            requireDecodable(source, range.start(), range.end(), hiddenFrames);
        } else {
            requireDecodable(source, range.start(), range.start() + 1, hiddenFrames);
            requireDecodable(source, range.end() - 1, range.end(), hiddenFrames);
        }
    }

    private static void requireDecodable(MediaSource source, int start, int end, boolean hiddenFrames)
            throws MediaException, IOException {
        try {
            requireDecodable(source, start, end, hiddenFrames, 0);
        } catch (MediaException damage) {
            requireDecodable(source, start, end, hiddenFrames, 1); // see ClipReader, which reads so as well
        }
    }

    private static void requireDecodable(MediaSource source, int start, int end, boolean hiddenFrames, int back)
            throws MediaException, IOException {
        try (RangeDecoder decoder = RangeDecoder.open(source, start, hiddenFrames, back)) {
            for (int number = start; number < end; number++) {
                AVFrame frame = decoder.next();
                if (frame == null) {
                    throw new MediaException(
                            MediaProblem.TRUNCATED,
                            String.format(
                                    Locale.ROOT, "frame %d is wanted, %d can be decoded", number, decoder.frames()));
                }
                if (decoder.damagedSinceKeyframe()) {
                    throw DecodedClip.damage(number);
                }
                RgbConverter.requireConvertible(frame.format());
            }
        }
    }

    private static int all(MediaSource source, FrameTally tally) throws MediaException, IOException {
        // Tallying may have read to the end, and not every container can seek back.
        try (NativeInput input = NativeInput.open(source);
                FrameDecoder decoder = FrameDecoder.open(input)) {
            requireFirst(decoder);
            if (!input.isStillFormat()) { // what follows a still, such as the film in a phone's photograph, is no part
                drain(decoder);
            }
            if (decoder.damaged()) {
                throw new MediaException(
                        MediaProblem.DECODE_ERROR,
                        String.format(
                                Locale.ROOT, "damage in %d decoded of %d frames", decoder.decoded(), tally.frames()));
            }
            return decoder.decoded();
        }
    }

    /** How many frames can be decoded before the first that cannot. */
    static int decodable(MediaSource source) throws IOException {
        int decoded = 0;
        try (NativeInput input = NativeInput.open(source);
                FrameDecoder decoder = FrameDecoder.open(input)) {
            while (decoder.next() != null && !decoder.damaged()) {
                decoded++;
            }
        } catch (MediaException exception) {
            return decoded;
        }
        return decoded;
    }

    /** The first frame must decode, and be of a kind that can be converted. */
    private static void requireFirst(FrameDecoder decoder) throws MediaException, IOException {
        AVFrame frame = decoder.next();
        if (frame == null) {
            throw new MediaException(MediaProblem.NO_FRAMES, "not one frame can be decoded");
        }
        RgbConverter.requireConvertible(frame.format());
    }

    private static void drain(FrameDecoder decoder) throws MediaException, IOException {
        while (decoder.next() != null) {
            // Only whether it succeeds matters.
        }
    }
}
