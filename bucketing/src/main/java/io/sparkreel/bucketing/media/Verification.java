// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import io.sparkreel.bucketing.media.format.FileEnd;
import java.io.IOException;

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
        String missing = FileEnd.missing(source, probed.formatName());
        if (missing != null) {
            throw new MediaException(MediaProblem.TRUNCATED, missing);
        }
        if (verify == Verify.EDGES && !probed.isStillFormat()) {
            return edges(source, tally);
        }
        return all(source, probed, tally);
    }

    private static int edges(MediaSource source, FrameTally tally) throws MediaException, IOException {
        try (NativeInput input = NativeInput.open(source);
                FrameDecoder decoder = FrameDecoder.open(input)) {
            requireFirst(decoder);
            if (decoder.seekToLastKeyframe()) {
                drain(decoder);
            }
            if (decoder.decoded() > 1) {
                requireUndamaged(decoder, tally);
                return tally.frames();
            }
        }
        // The container cannot seek, or the file has one frame.
        try (NativeInput input = NativeInput.open(source);
                FrameDecoder decoder = FrameDecoder.open(input)) {
            drain(decoder);
            if (decoder.decoded() < Math.min(2, tally.frames())) {
                throw new MediaException(MediaProblem.TRUNCATED, "the last frame cannot be decoded");
            }
            requireUndamaged(decoder, tally);
            return tally.frames();
        }
    }

    private static int all(MediaSource source, NativeInput probed, FrameTally tally)
            throws MediaException, IOException {
        // Tallying may have read to the end, and not every container can seek back.
        try (NativeInput input = NativeInput.open(source);
                FrameDecoder decoder = FrameDecoder.open(input)) {
            requireFirst(decoder);
            if (input.isStillFormat()) {
                // What follows the picture, such as the film in a phone's photograph, is no part of it.
                requireUndamaged(decoder, tally);
                return 1;
            }
            drain(decoder);
            requireUndamaged(decoder, tally);
            // One sample of an MP4 is one frame; elsewhere a packet may show nothing.
            if (tally.exact() && probed.isFormat("mov") && decoder.decoded() < tally.frames()) {
                throw new MediaException(
                        MediaProblem.TRUNCATED, "the sample table names %d frames".formatted(tally.frames()));
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

    private static void requireFirst(FrameDecoder decoder) throws MediaException, IOException {
        if (decoder.next() == null) {
            throw new MediaException(MediaProblem.NO_FRAMES, "not one frame can be decoded");
        }
    }

    private static void drain(FrameDecoder decoder) throws MediaException, IOException {
        while (decoder.next() != null) {
            // Only whether it succeeds matters.
        }
    }

    private static void requireUndamaged(FrameDecoder decoder, FrameTally tally) throws MediaException {
        if (decoder.damaged()) {
            throw new MediaException(
                    MediaProblem.DECODE_ERROR,
                    "damage in %d decoded of %d frames".formatted(decoder.decoded(), tally.frames()));
        }
    }
}
