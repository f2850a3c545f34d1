// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.diffusion.Sampler;
import io.sparkreel.model.diffusion.Sampler.Guidance;
import io.sparkreel.model.stdit.Captions;
import io.sparkreel.model.stdit.Stdit2;
import io.sparkreel.model.stdit.Stdit2Input;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/** Draws the latents of clips for captions, a batch of one shape at a time. */
public final class LatentGenerator {
    private static final int IMAGE_FPS = 120;

    private final Stdit2 model;
    private final float[] nullCaption;
    private final Sampler sampler;
    private final Guidance guidance;
    private final long seed;

    /**
     * @param nullCaption text features of no caption, [slots, W]
     * @param seed with a request's prompt and sample the key of all noise
     */
    public LatentGenerator(Stdit2 model, float[] nullCaption, Sampler sampler, Guidance guidance, long seed) {
        this.model = model;
        this.nullCaption = nullCaption;
        this.sampler = sampler;
        this.guidance = guidance;
        this.seed = seed;
    }

    /**
     * Draws one latent for each request.
     *
     * @param clip what all clips of the batch look like
     * @param latentHeight rows of a latent
     * @param latentWidth columns of a latent
     * @param progress told the number of denoising steps done
     * @return latents, each [C, T, h, w], in the order of the requests
     */
    public float[][] generate(
            List<LatentRequest> requests, ClipShape clip, int latentHeight, int latentWidth, IntConsumer progress) {
        int n = requests.size();
        int channels = model.config().inChannels();
        long[] shape = {n, channels, clip.numFrames(), latentHeight, latentWidth};
        int size = channels * clip.numFrames() * latentHeight * latentWidth;
        KeyedRandom[] streams = new KeyedRandom[n];
        for (int i = 0; i < n; i++) {
            streams[i] = KeyedRandom.of(
                    seed, requests.get(i).sample(), requests.get(i).promptId(), Purpose.SAMPLING_NOISE);
        }
        Tensors tensors = model.tensors();
        try (TensorScope scope = TensorScope.open()) {
            Sampler.NoiseSource noise = () -> tensors.of(draw(streams, size), shape);
            Captions captions = captions(requests);
            Stdit2Input.ClipSize sizes = sizes(clip, 2 * n);
            Sampler.Denoiser denoiser = (latents, modelTime, noised) -> {
                float[] times = new float[2 * n];
                Arrays.fill(times, modelTime);
                return model.forward(new Stdit2Input(latents, times, captions, noised, sizes));
            };
            float[] all = sampler.sample(denoiser, noise.draw(), guidance, null, noise, progress).floats();
            float[][] latents = new float[n][];
            for (int i = 0; i < n; i++) {
                latents[i] = Arrays.copyOfRange(all, i * size, (i + 1) * size);
            }
            return latents;
        }
    }

    private static float[] draw(KeyedRandom[] streams, int size) {
        float[] values = new float[streams.length * size];
        for (int i = 0; i < streams.length; i++) {
            streams[i].fillNormal(values, i * size, size);
        }
        return values;
    }

    /** The captions, then the null caption as often, under the same masks. */
    private Captions captions(List<LatentRequest> requests) {
        int n = requests.size();
        int slots = requests.get(0).textMask().length;
        int textSize = requests.get(0).text().length;
        float[] features = new float[2 * n * textSize];
        boolean[] mask = new boolean[n * slots];
        boolean[] dropped = new boolean[2 * n];
        for (int i = 0; i < n; i++) {
            System.arraycopy(requests.get(i).text(), 0, features, i * textSize, textSize);
            System.arraycopy(requests.get(i).textMask(), 0, mask, i * slots, slots);
            dropped[n + i] = true;
        }
        return Captions.of(model.tensors(), features, 2 * n, slots, textSize / slots, mask, dropped, nullCaption);
    }

    private static Stdit2Input.ClipSize sizes(ClipShape clip, int count) {
        return new Stdit2Input.ClipSize(
                filled(count, clip.numFrames()), filled(count, clip.height()), filled(count, clip.width()),
                filled(count, clip.aspectRatio()),
                filled(count, clip.numFrames() == 1 ? IMAGE_FPS : clip.fps()));
    }

    private static float[] filled(int count, float value) {
        float[] values = new float[count];
        Arrays.fill(values, value);
        return values;
    }
}
