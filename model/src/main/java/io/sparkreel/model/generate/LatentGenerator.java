// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.DenoiserInput;
import io.sparkreel.model.denoiser.TextBatch;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.process.Sampler.Guidance;
import io.sparkreel.model.text.TextFeatures;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/** Samples the latents of clips for captions with a diffusion model, a batch of one shape at a time. */
public final class LatentGenerator implements LatentSource {
    private final Denoiser model;
    private final float[] nullCaption;
    private final Sampler sampler;
    private final Guidance guidance;

    /** @param nullCaption text features of no caption, [slots, W] */
    public LatentGenerator(Denoiser model, float[] nullCaption, Sampler sampler, Guidance guidance) {
        this.model = model;
        this.nullCaption = nullCaption;
        this.sampler = sampler;
        this.guidance = guidance;
    }

    @Override
    public float[][] sample(List<LatentRequest> requests, ClipShape clip, LatentShape latent, IntConsumer progress) {
        int n = requests.size();
        long[] shape = latent.batch(n);
        int size = latent.elements();
        boolean conditioned = requests.stream()
                .anyMatch(request -> request.given() != null && !request.given().isEmpty());
        Tensors tensors = model.tensors();
        try (TensorScope scope = TensorScope.open()) {
            RequestNoise noise = new RequestNoise(requests, size, tensors, shape);
            float[] begin = noise.next();
            placeConditioningFrames(requests, begin, latent.channels(), latent.frames());
            TextBatch captions = captions(requests);
            ClipFacts sizes = sizes(clip, 2 * n);
            // Only the shape of these zeros matters: captions and sizes are embedded once for all steps.
            Tensor empty = tensors.zeros(latent.batch(2 * n));
            Denoiser.Prepared prepared =
                    model.prepare(new DenoiserInput(empty, new float[2 * n], captions, null, sizes));
            Sampler.Prediction prediction = (latents, modelTime, noised) -> model.forward(
                    new DenoiserInput(latents, filled(2 * n, modelTime), captions, noised, sizes), prepared);
            float[] mask = conditioned ? mask(requests, latent.frames()) : null;
            float[] all = sampler.sample(prediction, tensors.of(begin, shape), guidance, mask, noise, progress)
                    .floats();
            float[][] latents = new float[n][];
            for (int i = 0; i < n; i++) {
                latents[i] = Arrays.copyOfRange(all, i * size, (i + 1) * size);
            }
            return latents;
        }
    }

    /** The noise of every request from streams of its own. */
    private static final class RequestNoise implements Sampler.NoiseSource {
        private final KeyedRandom[] steps;
        private final KeyedRandom[] joins;
        private final int size;
        private final Tensors tensors;
        private final long[] shape;

        RequestNoise(List<LatentRequest> requests, int size, Tensors tensors, long[] shape) {
            steps = streams(requests, Purpose.SAMPLING_NOISE);
            // Apart from those of the steps: else a neighbour's mask would move a request without one along its stream.
            joins = streams(requests, Purpose.NOISE);
            this.size = size;
            this.tensors = tensors;
            this.shape = shape;
        }

        private static KeyedRandom[] streams(List<LatentRequest> requests, Purpose purpose) {
            return requests.stream()
                    .map(request -> KeyedRandom.of(
                            request.seed(),
                            LatentRequest.repetition(request.sample(), request.loop()),
                            request.promptId(),
                            purpose))
                    .toArray(KeyedRandom[]::new);
        }

        /** [n, C, T, h, w] */
        float[] next() {
            return draw(steps);
        }

        private float[] draw(KeyedRandom[] streams) {
            float[] values = new float[streams.length * size];
            for (int i = 0; i < streams.length; i++) {
                streams[i].fillNormal(values, i * size, size);
            }
            return values;
        }

        @Override
        public Tensor draw() {
            return tensors.of(next(), shape);
        }

        @Override
        public Tensor drawForGivenFrames() {
            return tensors.of(draw(joins), shape);
        }
    }

    private static void placeConditioningFrames(
            List<LatentRequest> requests, float[] latents, int channels, int frames) {
        int area = latents.length / requests.size() / channels / frames;
        for (int i = 0; i < requests.size(); i++) {
            if (requests.get(i).given() == null) {
                continue;
            }
            float[][] given = requests.get(i).given().latents();
            for (int frame = 0; frame < frames; frame++) {
                for (int channel = 0; given[frame] != null && channel < channels; channel++) {
                    System.arraycopy(
                            given[frame],
                            channel * area,
                            latents,
                            ((i * channels + channel) * frames + frame) * area,
                            area);
                }
            }
        }
    }

    /** [n * T] */
    private static float[] mask(List<LatentRequest> requests, int frames) {
        float[] mask = new float[requests.size() * frames];
        Arrays.fill(mask, 1);
        for (int i = 0; i < requests.size(); i++) {
            if (requests.get(i).given() != null) {
                System.arraycopy(requests.get(i).given().mask(), 0, mask, i * frames, frames);
            }
        }
        return mask;
    }

    /** The captions, then the null caption as often, under the same masks. */
    private TextBatch captions(List<LatentRequest> requests) {
        List<TextFeatures> captions =
                requests.stream().map(LatentRequest::caption).toList();
        List<float[]> features = new ArrayList<>();
        captions.forEach(caption -> features.add(caption.values()));
        captions.forEach(caption -> features.add(nullCaption));
        List<boolean[]> masks = new ArrayList<>();
        captions.forEach(caption -> masks.add(caption.mask()));
        captions.forEach(caption -> masks.add(caption.mask()));
        return TextBatch.of(model.tensors(), nullCaption.length / masks.get(0).length, features, masks);
    }

    private static ClipFacts sizes(ClipShape clip, int count) {
        return new ClipFacts(
                filled(count, clip.numFrames()),
                filled(count, clip.height()),
                filled(count, clip.width()),
                filled(count, clip.conditionAspectRatio()),
                filled(count, clip.conditionFps()));
    }

    private static float[] filled(int count, float value) {
        float[] values = new float[count];
        Arrays.fill(values, value);
        return values;
    }
}
