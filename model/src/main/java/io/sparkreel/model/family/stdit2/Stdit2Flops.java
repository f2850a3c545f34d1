// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.BatchShape;

/**
 * How much an STDiT2 computes: the multiplications and additions of its matrix products, two operations each.
 * What is linear in the number of tokens beside them (norms, activations, gates) is not counted.
 */
final class Stdit2Flops {
    /** A backward pass takes two products for every one of the forward pass. */
    private static final int TRAINING_OVER_FORWARD = 3;
    /** Scores, and the weighted sum of values. */
    private static final int PRODUCTS_OF_ATTENTION = 2;

    private final Stdit2Config config;

    /** The counts of a model of this size. */
    Stdit2Flops(Stdit2Config config) {
        this.config = config;
    }

    /** Tokens of all clips. */
    long tokens(BatchShape shape) {
        return shape.clips() * frames(shape) * spatialTokens(shape);
    }

    private long frames(BatchShape shape) {
        return patches(shape.latent().frames(), 0);
    }

    private long spatialTokens(BatchShape shape) {
        return patches(shape.latent().height(), 1) * patches(shape.latent().width(), 2);
    }

    private long patches(int size, int dimension) {
        int patch = config.patchSize().get(dimension);
        return ((long) size + patch - 1) / patch;
    }

    /** Operations of one forward pass, no frames being given. */
    double forward(BatchShape shape) {
        double clip = embedders(shape) + config.depth() * block(shape) + finalLayer(shape);
        return shape.clips() * clip;
    }

    /** Operations of a forward and a backward pass; recomputed activations are not counted. */
    double trainingStep(BatchShape shape) {
        return TRAINING_OVER_FORWARD * forward(shape);
    }

    private double embedders(BatchShape shape) {
        double d = config.hiddenSize();
        double third = d / 3;
        double tokens = frames(shape) * spatialTokens(shape);
        double patches = linear(tokens, (double) config.inChannels() * config.patchVolume(), d);
        double captions = linear(shape.textTokens(), config.captionChannels(), d) + linear(shape.textTokens(), d, d);
        double scalars = 3 * (linear(1, ScalarFeatures.WIDTH, d) + linear(1, d, d)); // timestep, frames, fps
        double sizes = 3 * (linear(1, ScalarFeatures.WIDTH, third) + linear(1, third, third)); // height, width, ratio
        double modulation = linear(1, d, 6 * d) + linear(1, d, 3 * d);
        return patches + captions + scalars + sizes + modulation;
    }

    private double block(BatchShape shape) {
        double d = config.hiddenSize();
        double frames = frames(shape);
        double spatial = spatialTokens(shape);
        double tokens = frames * spatial;
        double text = shape.textTokens();
        double selfProjections = linear(tokens, d, 3 * d) + linear(tokens, d, d);
        double spatialAttention = selfProjections + frames * attention(spatial, spatial);
        double temporalAttention = selfProjections + spatial * attention(frames, frames);
        double crossAttention = 2 * linear(tokens, d, d) + linear(text, d, 2 * d) + attention(tokens, text);
        double mlp = linear(tokens, d, config.mlpSize()) + linear(tokens, config.mlpSize(), d);
        return spatialAttention + temporalAttention + crossAttention + mlp;
    }

    private double finalLayer(BatchShape shape) {
        double tokens = frames(shape) * spatialTokens(shape);
        return linear(tokens, config.hiddenSize(), (double) config.patchVolume() * config.outChannels());
    }

    private static double linear(double rows, double in, double out) {
        return 2 * rows * in * out;
    }

    private double attention(double queries, double keys) {
        return PRODUCTS_OF_ATTENTION * 2 * queries * keys * config.hiddenSize();
    }
}
