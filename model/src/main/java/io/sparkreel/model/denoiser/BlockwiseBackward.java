// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.HostMemory;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntConsumer;

/**
 * Runs a denoiser forward and backward one block at a time.
 *
 * <p>Each block has its own graph between detached inputs and its output. The backward pass walks the blocks
 * in reverse with explicit gradients, so a block's parameter gradients are final, and can be reduced over
 * the ranks, while the block before it still computes. With checkpointing only the inputs of blocks are
 * kept, and a block's graph is built again when its turn comes.
 */
public final class BlockwiseBackward {
    private final Denoiser model;
    private final boolean checkpoint;
    private final boolean trims;

    /**
     * @param checkpoint recompute each block in the backward pass instead of keeping its activations
     * @param trims give freed host memory back after each block: worth its time in large models
     */
    public BlockwiseBackward(Denoiser model, boolean checkpoint, boolean trims) {
        this.model = model;
        this.checkpoint = checkpoint;
        this.trims = trims;
    }

    /**
     * Adds the gradients of a scalar loss to those of the model's parameters.
     *
     * @param input its text features are freed as soon as no block needs them any more
     * @param loss the scalar loss of the model's output; called inside the recorded graph
     * @param groupFinal called with the index of each group of parameters once its gradient will not change any more,
     *     from the last group to the first
     */
    public void run(DenoiserInput input, Function<Tensor, Tensor> loss, IntConsumer groupFinal) {
        int depth = model.blocks();
        int firstBlock = model.stemGroups();
        try (TensorScope scope = TensorScope.open()) {
            Denoiser.Stem stem = model.stem(input);
            List<Tensor> inputs = new ArrayList<>(); // of block i, and of the head
            List<Tensor> outputs = new ArrayList<>(); // of block i with its graph, unless checkpointed
            inputs.add(stem.hidden());
            for (int i = 0; i < depth; i++) {
                int index = i;
                Tensor x = inputs.get(i);
                Tensor y = checkpoint ? stem.block(i, x) : Autograd.withGradients(() -> stem.block(index, x));
                outputs.add(y);
                inputs.add(Autograd.leaf(y));
            }
            Tensor gradient = backwardHead(stem, inputs.get(depth), loss);
            groupFinal.accept(firstBlock + depth);
            for (int i = depth - 1; i >= 0; i--) {
                int index = i;
                Tensor x = inputs.get(i);
                inputs.get(i + 1).close();
                Tensor y = checkpoint ? Autograd.withGradients(() -> stem.block(index, x)) : outputs.get(i);
                Autograd.backward(y, gradient);
                y.close();
                outputs.get(i).close();
                gradient.close();
                gradient = Autograd.gradient(x);
                groupFinal.accept(firstBlock + i);
                trim();
            }
            // Memory peaks with the last gradients that are written.
            keepLittle(true);
            stem.backward(gradient, this::trim, groupFinal);
            keepLittle(false);
        }
    }

    /** Activations that were kept are free now, and gradients still to be written need memory. */
    private void trim() {
        if (trims) {
            HostMemory.trim();
        }
    }

    private void keepLittle(boolean little) {
        if (trims) {
            HostMemory.keepLittle(little);
        }
    }

    /** Returns d loss / d tokens, owned by the current scope. */
    private Tensor backwardHead(Denoiser.Stem stem, Tensor tokens, Function<Tensor, Tensor> loss) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor value = Autograd.withGradients(() -> loss.apply(stem.head(tokens)));
            Autograd.backward(value, model.tensors().scalar(1));
            return scope.release(Autograd.gradient(tokens));
        }
    }
}
