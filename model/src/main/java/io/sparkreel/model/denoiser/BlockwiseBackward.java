// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

import io.sparkreel.model.family.stdit2.Conditioning;
import io.sparkreel.model.family.stdit2.Embeddings;
import io.sparkreel.model.family.stdit2.Stdit2;
import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.HostMemory;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntConsumer;

/**
 * Runs an STDiT2 forward and backward one block at a time.
 *
 * <p>Each block has its own graph between detached inputs and its output. The backward pass walks the blocks
 * in reverse with explicit gradients, so a block's parameter gradients are final, and can be reduced over
 * the ranks, while the block before it still computes. With checkpointing only the inputs of blocks are
 * kept, and a block's graph is built again when its turn comes.
 */
public final class BlockwiseBackward {
    private final Stdit2 model;
    private final boolean checkpoint;
    private final boolean trims;

    /**
     * @param checkpoint recompute each block in the backward pass instead of keeping its activations
     */
    public BlockwiseBackward(Stdit2 model, boolean checkpoint) {
        this.model = model;
        this.checkpoint = checkpoint;
        trims = model.tensors().isOnHost() && ParameterLayout.of(model.config()).isLarge();
    }

    /**
     * Adds the gradients of a scalar loss to those of the model's parameters.
     *
     * @param input its captions are freed as soon as no block needs them any more
     * @param loss the scalar loss of the model's output [B, 2C, T, H, W]; called inside the recorded graph
     * @param groupFinal told the index of each group of {@link ParameterLayout#groups()} once its gradient
     *     will not change any more, from the last group to the first
     */
    public void run(DenoiserInput input, Function<Tensor, Tensor> loss, IntConsumer groupFinal) {
        int depth = model.config().depth();
        try (TensorScope scope = TensorScope.open()) {
            Embeddings embeddings = model.embeddings(input);
            Embeddings embeddingLeaves = embeddings.leaves();
            Conditioning condition = Autograd.withGradients(() -> model.condition(input, embeddingLeaves));
            Tensor text = Autograd.withGradients(() -> model.text(input));
            Tensor embedded = Autograd.withGradients(() -> model.embed(input));
            Conditioning conditionLeaves = condition.leaves();
            Tensor textLeaf = Autograd.leaf(text);
            Tensor angles = model.rotaryAngles(input);

            List<Tensor> inputs = new ArrayList<>(); // of block i, and of the head
            List<Tensor> outputs = new ArrayList<>(); // of block i with its graph, unless checkpointed
            inputs.add(Autograd.leaf(embedded));
            for (int i = 0; i < depth; i++) {
                int index = i;
                Tensor x = inputs.get(i);
                Tensor y = checkpoint
                        ? model.block(index, x, textLeaf, conditionLeaves, input, angles)
                        : Autograd.withGradients(() -> model.block(index, x, textLeaf, conditionLeaves, input, angles));
                outputs.add(y);
                inputs.add(Autograd.leaf(y));
            }

            Tensor gradient = backwardHead(input, inputs.get(depth), conditionLeaves, loss);
            groupFinal.accept(ParameterLayout.ofBlock(depth)); // the final layer comes after the blocks
            for (int i = depth - 1; i >= 0; i--) {
                int index = i;
                Tensor x = inputs.get(i);
                inputs.get(i + 1).close();
                Tensor y = checkpoint
                        ? Autograd.withGradients(() -> model.block(index, x, textLeaf, conditionLeaves, input, angles))
                        : outputs.get(i);
                Autograd.backward(y, gradient);
                y.close();
                outputs.get(i).close();
                gradient.close();
                gradient = Autograd.gradient(x);
                groupFinal.accept(ParameterLayout.ofBlock(i));
                trim();
            }
            // Memory peaks with the last gradients that are written; what takes most beside them comes first.
            keepLittle(true);
            backwardText(text, textLeaf);
            input.captions().features().close();
            groupFinal.accept(ParameterLayout.CAPTIONS);
            trim();
            model.addModulationGradients(embeddings, conditionLeaves);
            backward(condition.tensors(), conditionLeaves.tensors());
            trim();
            model.addEmbeddingGradients(input, embeddingLeaves);
            trim();
            Autograd.backward(embedded, gradient);
            keepLittle(false);
            groupFinal.accept(ParameterLayout.EMBEDDERS);
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
    private Tensor backwardHead(
            DenoiserInput input, Tensor tokens, Conditioning conditionLeaves, Function<Tensor, Tensor> loss) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor value = Autograd.withGradients(() -> loss.apply(model.head(tokens, conditionLeaves, input)));
            Autograd.backward(value, model.tensors().scalar(1));
            return scope.release(Autograd.gradient(tokens));
        }
    }

    private static void backwardText(Tensor text, Tensor leaf) {
        try (TensorScope scope = TensorScope.open()) {
            Autograd.backward(text, Autograd.gradient(leaf));
        }
        text.close();
        leaf.close();
    }

    /** Results that share a graph go back through it together. */
    private void backward(List<Tensor> results, List<Tensor> leaves) {
        List<Tensor> gradients = Autograd.gradients(leaves);
        Tensor total = Autograd.withGradients(() -> Kernels.instance().weightedSum(results, gradients));
        Autograd.backward(total, model.tensors().scalar(1));
    }
}
