// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.toy;

import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.DenoiserInput;
import io.sparkreel.model.denoiser.Linear;
import io.sparkreel.model.denoiser.Parameters;
import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/** Two blocks of an MLP for each cell of the latent. */
final class ToyDenoiser implements Denoiser {
    private final ToyKernels kernels = ToyKernels.instance();
    private final Tensors tensors;
    private final Linear embed;
    private final Linear caption;
    private final List<List<Tensor>> blocks = new ArrayList<>();
    private final Linear head;

    ToyDenoiser(Parameters parameters, Tensors tensors) {
        this.tensors = tensors;
        embed = Linear.of(parameters, "embed");
        caption = Linear.of(parameters, "caption");
        head = Linear.of(parameters, "head");
        for (int i = 0; i < ToyConfig.BLOCKS; i++) {
            String block = "blocks." + i;
            List<Tensor> weights =
                    Linear.tensors(Linear.of(parameters, block + ".in"), Linear.of(parameters, block + ".out"));
            weights.add(parameters.tensor(block + ".time"));
            blocks.add(weights);
        }
    }

    @Override
    public int blocks() {
        return blocks.size();
    }

    @Override
    public int stemGroups() {
        return 1;
    }

    @Override
    public Tensors tensors() {
        return tensors;
    }

    private record Caption(Tensor projected) implements Prepared {}

    @Override
    public Prepared prepare(DenoiserInput input) {
        return new Caption(kernels.caption(input.text().features(), Linear.tensors(caption)));
    }

    private Tensor time(DenoiserInput input) {
        float[] times = input.time().clone();
        for (int b = 0; b < times.length; b++) {
            times[b] /= Straight.MODEL_TIMES;
        }
        return tensors.of(times, times.length, 1, 1, 1, 1);
    }

    @Override
    public Tensor forward(DenoiserInput input, Prepared prepared) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor time = time(input);
            Tensor x = kernels.embed(input.latent(), Linear.tensors(embed));
            for (List<Tensor> block : blocks) {
                x = kernels.block(x, ((Caption) prepared).projected(), time, block);
            }
            return scope.release(kernels.head(x, Linear.tensors(head)));
        }
    }

    @Override
    public Stem stem(DenoiserInput input) {
        Tensor embedded = Autograd.withGradients(() -> kernels.embed(input.latent(), Linear.tensors(embed)));
        Tensor projected =
                Autograd.withGradients(() -> kernels.caption(input.text().features(), Linear.tensors(caption)));
        Tensor hidden = Autograd.leaf(embedded);
        Tensor projectedLeaf = Autograd.leaf(projected);
        Tensor time = time(input);
        return new Stem() {
            @Override
            public Tensor hidden() {
                return hidden;
            }

            @Override
            public Tensor block(int index, Tensor x) {
                return kernels.block(x, projectedLeaf, time, blocks.get(index));
            }

            @Override
            public Tensor head(Tensor x) {
                return kernels.head(x, Linear.tensors(head));
            }

            @Override
            public void backward(Tensor hiddenGradient, Runnable freed, IntConsumer groupFinal) {
                if (caption.trained()) {
                    Autograd.backward(projected, Autograd.gradient(projectedLeaf));
                }
                freed.run();
                Autograd.backward(embedded, hiddenGradient);
                groupFinal.accept(0);
            }
        };
    }
}
