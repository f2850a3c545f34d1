// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family;

import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.denoiser.Parameters;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensors;
import java.io.Serializable;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The hyper-parameters of a model of some family, and what follows from them. Jackson writes it as the
 * {@code config.json} beside the weights, and {@link Families#read} reads that.
 */
public interface DenoiserConfig extends Serializable {
    /** The {@link ModelFamily#type} of its family. */
    String type();

    /** Channels of the latents that it takes. */
    int inChannels();

    /** Width of the text features. */
    int captionChannels();

    /** Caption slots. */
    int modelMaxLength();

    /** Share of training samples whose caption is replaced by the null caption. */
    double classDropoutProbability();

    /** The same model with what training alone decides: how often captions are dropped, and how many slots they have. */
    DenoiserConfig with(double classDropoutProbability, int modelMaxLength);

    /** Its parameters, in groups in the order of the forward pass. */
    ParameterLayout layout();

    /** Names of published files that are not those of the parameters. */
    PublishedNames names();

    /** Parameters by what they are for, such as "temporal" and "text": what a run may leave untrained. */
    Map<String, Predicate<String>> parameterGroups();

    /**
     * A model that computes with these parameters.
     *
     * @param precision what its blocks compute in; gradients of parameters are fp32 in any case
     */
    Denoiser build(Parameters parameters, Tensors tensors, Precision precision);

    /**
     * What training costs.
     *
     * @param precision what its blocks compute in
     * @param checkpoint whether blocks are computed again in the backward pass
     * @param frozen which parameters are not trained
     */
    Cost cost(Precision precision, boolean checkpoint, Predicate<String> frozen);

    /** What training costs where all is trained. */
    default Cost cost(Precision precision, boolean checkpoint) {
        return cost(precision, checkpoint, name -> false);
    }
}
