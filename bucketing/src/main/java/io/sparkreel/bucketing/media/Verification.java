// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

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
    // Tallying may have read to the end, and not every container can seek back.
    try (NativeInput input = NativeInput.open(source);
        FrameDecoder decoder = FrameDecoder.open(input)) {
      if (decoder.next() == null) {
        throw new MediaException(MediaProblem.NO_FRAMES, "not one frame can be decoded");
      }
      if (input.isStillFormat()) {
        requireUndamaged(decoder, tally);
        return 1;
      }
      if (verify == Verify.EDGES) {
        decoder.seekToLastKeyframe();
        int before = decoder.decoded();
        drain(decoder);
        if (decoder.decoded() == before) {
          throw new MediaException(
              MediaProblem.TRUNCATED, "the last frame cannot be decoded");
        }
        requireUndamaged(decoder, tally);
        return tally.frames();
      }
      drain(decoder);
      requireUndamaged(decoder, tally);
      // One sample of an MP4 is one frame; elsewhere a packet may show nothing.
      if (tally.exact() && probed.isFormat("mov") && decoder.decoded() < tally.frames()) {
        throw new MediaException(
            MediaProblem.TRUNCATED,
            "%d of %d frames can be decoded".formatted(decoder.decoded(), tally.frames()));
      }
      return decoder.decoded();
    }
  }

  private static void drain(FrameDecoder decoder) throws MediaException, IOException {
    while (decoder.next() != null) {
      // Only whether it succeeds matters.
    }
  }

  private static void requireUndamaged(FrameDecoder decoder, FrameTally tally)
      throws MediaException {
    if (decoder.damaged()) {
      throw new MediaException(
          MediaProblem.DECODE_ERROR,
          "damage in %d decoded of %d frames".formatted(decoder.decoded(), tally.frames()));
    }
  }
}
