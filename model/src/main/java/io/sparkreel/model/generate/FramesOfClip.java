// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.CodecGeometry;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Which pixel frames of a clip have to be encoded, in one call, for some of its latent frames: the pieces that these lie
 * in, and of a clip without pieces everything up to the last of them.
 *
 * @param pixelFrames indices of pixel frames, ascending
 * @param latentFrames the latent frames of the clip that encoding these gives, in the order of the result
 */
public record FramesOfClip(int[] pixelFrames, int[] latentFrames) {
    /**
     * @param frames of the clip; those beyond its longest legal length are not used
     * @param taken the latent frames wanted, at least one
     */
    public static FramesOfClip of(CodecGeometry codec, int frames, SortedSet<Integer> taken) {
        if (codec.pieceFrames() == CodecGeometry.WHOLE_CLIP) {
            int latentFrames = taken.last() + 1;
            return new FramesOfClip(
                    IntStream.range(0, codec.frames(latentFrames)).toArray(),
                    IntStream.range(0, latentFrames).toArray());
        }
        int inPiece = codec.pieceLatentFrames();
        SortedSet<Integer> pieces = new TreeSet<>();
        taken.forEach(frame -> pieces.add(frame / inPiece));
        int all = codec.latentFrames(frames);
        return new FramesOfClip(inPieces(pieces, codec.pieceFrames(), frames), inPieces(pieces, inPiece, all));
    }

    private static int[] inPieces(SortedSet<Integer> pieces, int size, int end) {
        return pieces.stream()
                .flatMapToInt(piece -> IntStream.range(piece * size, Math.min(end, (piece + 1) * size)))
                .toArray();
    }

    /** The frames of a latent [C, T, h, w] of {@link #pixelFrames}, by the number that they have in the clip. */
    public Map<Integer, float[]> split(float[] latent, int channels) {
        float[][] parts = ConditioningFrames.split(latent, latentFrames.length, channels);
        Map<Integer, float[]> byFrame = new HashMap<>();
        for (int i = 0; i < parts.length; i++) {
            byFrame.put(latentFrames[i], parts[i]);
        }
        return byFrame;
    }

    @Override
    public String toString() {
        return Arrays.toString(latentFrames) + " of " + Arrays.toString(pixelFrames);
    }
}
