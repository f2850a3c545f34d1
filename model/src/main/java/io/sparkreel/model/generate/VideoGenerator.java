// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.generate.MaskStrategy.Conditions;
import io.sparkreel.model.generate.MaskStrategy.FrameSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Generates videos of any length as the reference's long inference does: loop after loop, each conditioned on the
 * end of the one before. Frames are handed out as they are decoded and only what later loops take is kept, so memory
 * does not grow with the number of loops.
 */
public final class VideoGenerator {
    private final LatentSource source;
    private final LatentCodec codec;
    private final CodecGeometry geometry;
    private final Carry carry;

    /** @param carry how the end of a loop reaches the next one */
    public VideoGenerator(LatentSource source, LatentCodec codec, Carry carry) {
        this.source = source;
        this.codec = codec;
        geometry = codec.geometry();
        this.carry = carry;
    }

    /** Takes the frames of several videos, those of each one in order. */
    @FunctionalInterface
    public interface FrameSink {
        /**
         * @param request which of the requests
         * @param frame [3, height, width], nominally in [-1, 1] but not clamped
         */
        void accept(int request, float[] frame) throws IOException;
    }

    /**
     * Frames of a whole video: {@code loops * (F - f) + f}, of which f pixel frames are those of the carried latent
     * frames.
     *
     * @param frames F of one loop
     * @param carried latent frames that begin the next loop, 0 for one loop
     */
    public static int totalFrames(CodecGeometry codec, int frames, int loops, int carried) {
        return Math.toIntExact(frames + (loops - 1L) * (frames - carriedFrames(codec, carried)));
    }

    private static int carriedFrames(CodecGeometry codec, int carried) {
        return carried == 0 ? 0 : codec.frames(carried);
    }

    /**
     * Generates one video for each request; all have equally many loops.
     *
     * @param clip shape of one loop
     * @param carried latent frames that begin the next loop and are not repeated in the video
     * @param progress called with the number of denoising steps done of a loop
     * @throws IOException what the sink throws
     */
    public void generate(List<VideoRequest> requests, ClipShape clip, int carried, FrameSink sink, IntConsumer progress)
            throws IOException {
        LatentShape shape = geometry.latent(clip.numFrames(), clip.height(), clip.width());
        List<Map<FrameSource, float[]>> known = new ArrayList<>();
        requests.forEach(request -> known.add(new HashMap<>(request.references())));
        int loops = requests.get(0).captions().size();
        for (int loop = 0; loop < loops; loop++) {
            List<LatentRequest> latentRequests = new ArrayList<>();
            for (int i = 0; i < requests.size(); i++) {
                latentRequests.add(latentRequest(requests.get(i), loop, known.get(i)));
            }
            float[][] latents = source.sample(latentRequests, clip, shape, progress);
            for (int i = 0; i < requests.size(); i++) {
                float[] latent = latents[i];
                latents[i] = null;
                float[] pixels = codec.decode(latent, clip.numFrames(), shape.height(), shape.width());
                Sampled sampled = new Sampled(latent, pixels, clip.numFrames(), shape);
                remember(requests.get(i), loop, known.get(i), sampled, carriedFrames(geometry, carried));
                int frameSize = pixels.length / clip.numFrames();
                int begin = loop == 0 ? 0 : carriedFrames(geometry, carried);
                for (int frame = begin; frame < clip.numFrames(); frame++) {
                    sink.accept(i, Arrays.copyOfRange(pixels, frame * frameSize, (frame + 1) * frameSize));
                }
            }
        }
    }

    private static LatentRequest latentRequest(VideoRequest request, int loop, Map<FrameSource, float[]> known) {
        Conditions conditions = request.conditions().loops().get(loop);
        float[][] given = new float[conditions.sources().length][];
        for (int frame = 0; frame < given.length; frame++) {
            FrameSource from = conditions.sources()[frame];
            if (from != null) {
                given[frame] = known.get(from);
                if (given[frame] == null) {
                    throw new IllegalArgumentException("frame " + from.frame() + " of reference " + from.reference()
                            + " is taken by loop " + loop + " but was not passed");
                }
            }
        }
        return new LatentRequest(
                request.captions().get(loop),
                request.seed(),
                request.promptId(),
                request.sample(),
                loop,
                new ConditioningFrames(conditions.mask(), given));
    }

    /** One loop's clip: latent [C, T, h, w], pixels [F, 3, H, W]. */
    private record Sampled(float[] latent, float[] pixels, int frames, LatentShape shape) {
        Map<Integer, float[]> split() {
            return byNumber(ConditioningFrames.split(latent, shape.frames(), shape.channels()));
        }
    }

    private static Map<Integer, float[]> byNumber(float[][] frames) {
        Map<Integer, float[]> numbered = new HashMap<>();
        for (int i = 0; i < frames.length; i++) {
            numbered.put(i, frames[i]);
        }
        return numbered;
    }

    /** Keeps of this clip and of all others what loops after this one take. */
    private void remember(
            VideoRequest request, int loop, Map<FrameSource, float[]> known, Sampled clip, int carriedFrames) {
        LoopConditions conditions = request.conditions();
        known.keySet().removeIf(frame -> !conditions.isTaken(frame, loop + 1));
        int whole = conditions.clipOf(loop);
        SortedSet<Integer> ofClip = conditions.framesTaken(whole, loop + 1);
        if (!ofClip.isEmpty()) {
            keep(whole, ofClip, carry == Carry.LATENTS ? clip.split() : encoded(request, loop, clip, ofClip), known);
        }
        int end = conditions.endOf(loop);
        SortedSet<Integer> ofEnd = conditions.framesTaken(end, loop + 1);
        if (!ofEnd.isEmpty()) {
            int[] last = IntStream.range(clip.frames() - carriedFrames, clip.frames())
                    .toArray();
            float[][] parts = ConditioningFrames.split(
                    encode(request, loop, clip, last), geometry.latentFrames(last.length), geometry.channels());
            keep(end, ofEnd, byNumber(parts), known);
        }
    }

    private static void keep(
            int reference, SortedSet<Integer> taken, Map<Integer, float[]> frames, Map<FrameSource, float[]> known) {
        taken.forEach(frame -> known.put(new FrameSource(reference, frame), frames.get(frame)));
    }

    private Map<Integer, float[]> encoded(VideoRequest request, int loop, Sampled clip, SortedSet<Integer> taken) {
        FramesOfClip frames = FramesOfClip.of(geometry, clip.frames(), taken);
        return frames.split(encode(request, loop, clip, frames.pixelFrames()), geometry.channels());
    }

    /** The latent of some frames of a clip. */
    private float[] encode(VideoRequest request, int loop, Sampled clip, int[] frames) {
        int frameSize = clip.pixels().length / clip.frames();
        float[] pixels = new float[frames.length * frameSize];
        for (int i = 0; i < frames.length; i++) {
            System.arraycopy(clip.pixels(), frames[i] * frameSize, pixels, i * frameSize, frameSize);
        }
        KeyedRandom noise = KeyedRandom.of(
                request.seed(),
                LatentRequest.repetition(request.sample(), loop),
                request.promptId(),
                Purpose.LATENT_NOISE);
        int factor = geometry.spatialFactor();
        return codec.encode(
                pixels,
                frames.length,
                clip.shape().height() * factor,
                clip.shape().width() * factor,
                noise);
    }
}
