// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.family.stdit2.Stdit2;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.optim.FlatParameters;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensors;

/** All that makes a model beside its structure: the trainable parameters, and the fixed null caption. */
public final class ModelWeights implements AutoCloseable {
    private final Stdit2Config config;
    private final FlatParameters parameters;
    private final float[] nullCaption;

    /** Weights that are all zero. */
    public ModelWeights(Stdit2Config config, Tensors tensors) {
        this.config = config;
        parameters = new FlatParameters(ParameterLayout.of(config), tensors);
        nullCaption = new float[config.modelMaxLength() * config.captionChannels()];
    }

    /** Gives every tensor its first values, which depend on the seed and the tensor's name alone. */
    public void initialise(long seed) {
        parameters.initialise(seed);
        KeyedRandom.of(seed, 0, 0, KeyedRandom.Purpose.INITIALISATION).fillNormal(nullCaption, 0, nullCaption.length);
        float deviation = (float) (1 / Math.sqrt(config.captionChannels()));
        for (int i = 0; i < nullCaption.length; i++) {
            nullCaption[i] *= deviation;
        }
    }

    /** The hyper-parameters these weights belong to. */
    public Stdit2Config config() {
        return config;
    }

    /** The trainable parameters. */
    public FlatParameters parameters() {
        return parameters;
    }

    /** [slots, W]: text features of no caption. The array itself, to be filled by a reader. */
    public float[] nullCaption() {
        return nullCaption;
    }

    /** A model that computes with these weights, in fp32. */
    public Stdit2 model(Tensors tensors) {
        return model(tensors, Precision.FLOAT32);
    }

    /**
     * A model that computes with these weights.
     *
     * @param precision what its blocks compute in; the weights themselves stay fp32
     */
    public Stdit2 model(Tensors tensors, Precision precision) {
        return new Stdit2(config, parameters::tensor, tensors, precision);
    }

    @Override
    public void close() {
        parameters.close();
    }
}
