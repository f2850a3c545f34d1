// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.toy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.Noised;
import io.sparkreel.model.process.Processes;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.process.Terms;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Rectified flow: x_t = (1 - t) x_0 + t noise, of which the model predicts the velocity noise - x_0. */
final class Straight implements DiffusionProcess {
    static final String EULER = "euler";
    static final float MODEL_TIMES = 1000;
    private static final String VELOCITY = "velocity";

    /** {@inheritDoc} Longer clips get noisier times. */
    @Override
    public float drawTime(KeyedRandom random, LatentShape latent, ClipFacts facts, int clip) {
        double shift = Math.sqrt(facts.numFrames()[clip] / latent.frames());
        double u = random.nextDouble();
        return (float) (MODEL_TIMES * shift * u / (1 + (shift - 1) * u));
    }

    @Override
    public float[] validationTimes() {
        return new float[] {250, 750};
    }

    @Override
    public Noised noise(Tensors tensors, Tensor start, Tensor noise, float[] times, boolean[] frameMask) {
        int frames = (int) start.shape()[2];
        float[] mixed = new float[times.length * frames];
        float[] weights = new float[mixed.length];
        for (int i = 0; i < mixed.length; i++) {
            boolean noised = frameMask == null || frameMask[i];
            mixed[i] = noised ? times[i / frames] / MODEL_TIMES : 0;
            weights[i] = noised ? 1f / frames : 0;
        }
        Tensor latent = ToyKernels.instance().mix(start, noise, tensors.of(mixed, times.length, 1, frames, 1, 1));
        Tensor weight = tensors.of(weights, times.length, frames);
        return new Noised() {
            @Override
            public Tensor latent() {
                return latent;
            }

            @Override
            public float[] modelTimes() {
                return times;
            }

            @Override
            public Terms terms(Tensor output) {
                Tensor error = ToyKernels.instance().velocityError(output, start, noise, weight);
                return new Terms(error, Map.of(VELOCITY, error));
            }
        };
    }

    @Override
    public List<String> lossTerms() {
        return List.of(VELOCITY);
    }

    @Override
    public List<String> samplers() {
        return List.of(EULER);
    }

    @Override
    public String previewSampler() {
        return EULER;
    }

    @Override
    public Sampler sampler(String type, int steps, Tensors tensors) {
        if (!type.equals(EULER)) {
            throw new InvalidInputException("Cannot sample with '" + type + "'. Use " + EULER + ".");
        }
        return (model, start, guidance, frameMask, noise, progress) -> {
            Kernels kernels = Kernels.instance();
            try (TensorScope scope = TensorScope.open()) {
                Tensor x = start;
                Tensor noised = frameMask == null ? null : twice(frameMask, start, tensors);
                for (int step = 0; step < steps; step++) {
                    float time = MODEL_TIMES * (steps - step) / steps;
                    Tensor output = model.at(kernels.repeatTwice(x), time, noised);
                    Tensor guided = kernels.guide(output, guidance.scale(), guidance.channels());
                    Tensor velocity = kernels.firstRows(guided, (int) start.shape()[0]);
                    Tensor moved = ToyKernels.instance().move(x, velocity, 1.0 / steps);
                    x = frameMask == null ? moved : kernels.chooseFrames(kept(frameMask, start, tensors), start, moved);
                    progress.accept(step + 1);
                }
                return scope.release(x);
            }
        };
    }

    private static Tensor kept(float[] frameMask, Tensor start, Tensors tensors) {
        float[] kept = new float[frameMask.length];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = frameMask[i] == 0 ? 1 : 0;
        }
        return tensors.of(kept, start.shape()[0], 1, start.shape()[2], 1, 1);
    }

    private static Tensor twice(float[] frameMask, Tensor start, Tensors tensors) {
        float[] twice = Arrays.copyOf(frameMask, 2 * frameMask.length);
        System.arraycopy(frameMask, 0, twice, frameMask.length, frameMask.length);
        return tensors.of(twice, 2 * start.shape()[0], start.shape()[2], 1, 1);
    }

    @Override
    public ObjectNode identity() {
        return Processes.identity(StraightType.TYPE);
    }
}
