// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.DenoiserInput;
import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import java.util.List;
import java.util.function.IntConsumer;

/** The embedders of an STDiT2 and the projection of its captions, each with a graph of its own. */
final class Stdit2Stem implements Denoiser.Stem {
    private final Stdit2 model;
    private final DenoiserInput input;
    private final Embeddings embeddings;
    private final Embeddings embeddingLeaves;
    private final Conditioning condition;
    private final Conditioning conditionLeaves;
    private final Tensor text;
    private final Tensor textLeaf;
    private final Tensor embedded;
    private final Tensor hidden;
    private final Tensor angles;

    Stdit2Stem(Stdit2 model, DenoiserInput input) {
        this.model = model;
        this.input = input;
        embeddings = model.embeddings(input);
        embeddingLeaves = embeddings.leaves();
        condition = Autograd.withGradients(() -> model.condition(input, embeddingLeaves));
        text = Autograd.withGradients(() -> model.text(input));
        embedded = Autograd.withGradients(() -> model.embed(input));
        conditionLeaves = condition.leaves();
        textLeaf = Autograd.leaf(text);
        angles = model.rotaryAngles(input);
        hidden = Autograd.leaf(embedded);
    }

    @Override
    public Tensor hidden() {
        return hidden;
    }

    @Override
    public Tensor block(int index, Tensor x) {
        return model.block(index, x, textLeaf, conditionLeaves, input, angles);
    }

    @Override
    public Tensor head(Tensor x) {
        return model.head(x, conditionLeaves, input);
    }

    /** {@inheritDoc} What takes most memory beside its gradients comes first. */
    @Override
    public void backward(Tensor hiddenGradient, Runnable freed, IntConsumer groupFinal) {
        backwardText();
        input.text().features().close();
        groupFinal.accept(Stdit2Layout.CAPTIONS);
        freed.run();
        model.addModulationGradients(embeddings, conditionLeaves);
        if (model.trainsEmbedders()) {
            backward(condition.tensors(), conditionLeaves.tensors());
            freed.run();
            model.addEmbeddingGradients(input, embeddingLeaves);
            freed.run();
        }
        if (model.trainsPatches()) {
            Autograd.backward(embedded, hiddenGradient);
        }
        groupFinal.accept(Stdit2Layout.EMBEDDERS);
    }

    private void backwardText() {
        if (model.trainsText()) {
            try (TensorScope scope = TensorScope.open()) {
                Autograd.backward(text, Autograd.gradient(textLeaf));
            }
        }
        text.close();
        textLeaf.close();
    }

    /** Results that share a graph go back through it together. */
    private void backward(List<Tensor> results, List<Tensor> leaves) {
        List<Tensor> gradients = Autograd.gradients(leaves);
        Tensor total = Autograd.withGradients(() -> Kernels.instance().weightedSum(results, gradients));
        Autograd.backward(total, model.tensors().scalar(1));
    }
}
