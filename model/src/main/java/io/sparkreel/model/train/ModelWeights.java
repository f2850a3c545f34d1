// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.optim.FlatParameters;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensors;
import java.util.function.Predicate;

/** All that makes a model beside its structure: the parameters, and the fixed null caption. */
public final class ModelWeights implements AutoCloseable {
    private final DenoiserConfig config;
    private final FlatParameters parameters;
    private final float[] nullCaption;

    /** Weights that are all zero, and all trained. */
    public ModelWeights(DenoiserConfig config, Tensors tensors) {
        this(config, name -> false, Precision.FP32, tensors);
    }

    /**
     * Weights that are all zero.
     *
     * @param frozen which parameters are not trained
     * @param computeType what the model computes in, and frozen parameters are kept in
     */
    public ModelWeights(DenoiserConfig config, Predicate<String> frozen, Precision computeType, Tensors tensors) {
        this.config = config;
        parameters = new FlatParameters(config.layout(), frozen, computeType, tensors);
        nullCaption = config.names().nullCaption() == null
                ? new float[0]
                : new float[config.modelMaxLength() * config.captionChannels()];
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
    public DenoiserConfig config() {
        return config;
    }

    /** The parameters. */
    public FlatParameters parameters() {
        return parameters;
    }

    /** [slots, W]: text features of no caption, empty where the model has none. The array itself, to be filled by a reader. */
    public float[] nullCaption() {
        return nullCaption;
    }

    /** A model that computes with these weights, in fp32. */
    public Denoiser model(Tensors tensors) {
        return model(tensors, Precision.FP32);
    }

    /**
     * A model that computes with these weights.
     *
     * @param precision what its blocks compute in; trained weights stay fp32
     */
    public Denoiser model(Tensors tensors, Precision precision) {
        return config.build(parameters, tensors, precision);
    }

    @Override
    public void close() {
        parameters.close();
    }
}
