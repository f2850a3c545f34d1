// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.diffusion.MaskStrategy.Conditions;
import io.sparkreel.model.diffusion.MaskStrategy.FrameSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.function.IntConsumer;

/**
 * Generates videos of any length as the reference's long inference does: loop after loop, each conditioned on the
 * end of the one before. A video has {@code loops * (T - c) + c} frames for c carried ones. Frames are handed out
 * as they are decoded and only what later loops take is kept, so memory does not grow with the number of loops.
 */
public final class VideoGenerator {
    private final LatentSource source;
    private final LatentCodec codec;
    private final Carry carry;

    /** @param carry how the end of a loop reaches the next one */
    public VideoGenerator(LatentSource source, LatentCodec codec, Carry carry) {
        this.source = source;
        this.codec = codec;
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
     * Generates one video for each request; all have equally many loops.
     *
     * @param clip shape of one loop
     * @param carried frames that begin the next loop and are not repeated in the video
     * @param progress told the number of denoising steps done of a loop
     * @throws IOException what the sink throws
     */
    public void generate(List<VideoRequest> requests, ClipShape clip, int carried, FrameSink sink, IntConsumer progress)
            throws IOException {
        int height = clip.height() / codec.spatialFactor();
        int width = clip.width() / codec.spatialFactor();
        List<Map<FrameSource, float[]>> known = new ArrayList<>();
        requests.forEach(request -> known.add(new HashMap<>(request.references())));
        int loops = requests.get(0).captions().size();
        for (int loop = 0; loop < loops; loop++) {
            List<LatentRequest> latentRequests = new ArrayList<>();
            for (int i = 0; i < requests.size(); i++) {
                latentRequests.add(latentRequest(requests.get(i), loop, known.get(i)));
            }
            float[][] latents = source.draw(latentRequests, clip, height, width, progress);
            for (int i = 0; i < requests.size(); i++) {
                float[] latent = latents[i];
                latents[i] = null;
                float[] pixels = codec.decode(latent, clip.numFrames(), height, width);
                remember(
                        requests.get(i),
                        loop,
                        known.get(i),
                        new Drawn(latent, pixels, clip.numFrames(), height, width));
                int frameSize = pixels.length / clip.numFrames();
                for (int frame = loop == 0 ? 0 : carried; frame < clip.numFrames(); frame++) {
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
                new GivenFrames(conditions.mask(), given));
    }

    /** One loop's clip: latent [C, T, h, w], pixels [T, 3, H, W]. */
    private record Drawn(float[] latent, float[] pixels, int frames, int height, int width) {}

    /** Keeps of this clip and of all others what loops after this one take. */
    private void remember(VideoRequest request, int loop, Map<FrameSource, float[]> known, Drawn clip) {
        known.keySet().removeIf(frame -> !request.conditions().isTaken(frame, loop + 1));
        int reference = request.conditions().references() + loop;
        SortedSet<Integer> taken = request.conditions().framesTaken(reference, loop + 1);
        if (taken.isEmpty()) {
            return;
        }
        int[] frames = taken.stream().mapToInt(Integer::intValue).toArray();
        float[][] latents = carry == Carry.LATENTS
                ? frames(clip.latent(), clip.frames(), frames)
                : encoded(request, loop, clip, frames);
        for (int i = 0; i < frames.length; i++) {
            known.put(new FrameSource(reference, frames[i]), latents[i]);
        }
    }

    private float[][] encoded(VideoRequest request, int loop, Drawn clip, int[] frames) {
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
        int factor = codec.spatialFactor();
        float[] latent = codec.encode(pixels, frames.length, clip.height() * factor, clip.width() * factor, noise);
        return split(latent, frames.length, codec.channels());
    }

    private float[][] frames(float[] latent, int count, int[] chosen) {
        float[][] all = split(latent, count, codec.channels());
        return Arrays.stream(chosen).mapToObj(frame -> all[frame]).toArray(float[][]::new);
    }

    /**
     * Takes a latent apart into its frames.
     *
     * @param latent [C, T, h, w]
     * @param frames T
     * @param channels C
     * @return T frames of [C, h, w]
     */
    public static float[][] split(float[] latent, int frames, int channels) {
        int area = latent.length / channels / frames;
        float[][] parts = new float[frames][channels * area];
        for (int frame = 0; frame < frames; frame++) {
            for (int channel = 0; channel < channels; channel++) {
                System.arraycopy(latent, (channel * frames + frame) * area, parts[frame], channel * area, area);
            }
        }
        return parts;
    }
}
