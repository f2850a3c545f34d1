// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import java.util.ArrayList;
import java.util.List;

/** What an autoencoder consists of: its layers in the order they run, with the published names of their weights. */
final class AutoencoderLayers {

    /** What a layer does; see {@code autoencoder.py}. */
    enum Operation {
        CONVOLVE,
        NORM_CONVOLVE,
        RESIDUAL,
        PIXEL_ATTENTION,
        DOWNSAMPLE,
        UPSAMPLE
    }

    /** One tensor of weights. */
    record Weight(String name, long... shape) {}

    /** One layer. */
    record Layer(Operation operation, List<Weight> weights) {}

    private final List<Layer> layers = new ArrayList<>();

    private AutoencoderLayers() {}

    /** From pixels to the mean and log variance of latents: [N, 3, H, W] to [N, 2C, h, w]. */
    static List<Layer> encoder(AutoencoderConfig config) {
        AutoencoderLayers encoder = new AutoencoderLayers();
        int[] channels = config.channels();
        int width = channels[0];
        int moments = 2 * config.latentChannels();
        encoder.add(Operation.CONVOLVE, convolution("encoder.conv_in", AutoencoderConfig.COLOURS, width, 3));
        for (int level = 0; level < channels.length; level++) {
            String block = "encoder.down_blocks." + level + ".";
            encoder.residuals(block, config.layersPerBlock(), width, channels[level]);
            width = channels[level];
            if (level < channels.length - 1) {
                encoder.add(Operation.DOWNSAMPLE, convolution(block + "downsamplers.0.conv", width, width, 3));
            }
        }
        encoder.middle("encoder.mid_block.", width);
        encoder.add(
                Operation.NORM_CONVOLVE,
                norm("encoder.conv_norm_out", width),
                convolution("encoder.conv_out", width, moments, 3));
        encoder.add(Operation.CONVOLVE, convolution("quant_conv", moments, moments, 1));
        return encoder.layers;
    }

    /** From latents to pixels: [N, C, h, w] to [N, 3, H, W]. */
    static List<Layer> decoder(AutoencoderConfig config) {
        AutoencoderLayers decoder = new AutoencoderLayers();
        int[] channels = config.channels();
        int latent = config.latentChannels();
        int width = channels[channels.length - 1];
        decoder.add(Operation.CONVOLVE, convolution("post_quant_conv", latent, latent, 1));
        decoder.add(Operation.CONVOLVE, convolution("decoder.conv_in", latent, width, 3));
        decoder.middle("decoder.mid_block.", width);
        for (int level = 0; level < channels.length; level++) {
            String block = "decoder.up_blocks." + level + ".";
            int next = channels[channels.length - 1 - level];
            decoder.residuals(block, config.layersPerBlock() + 1, width, next);
            width = next;
            if (level < channels.length - 1) {
                decoder.add(Operation.UPSAMPLE, convolution(block + "upsamplers.0.conv", width, width, 3));
            }
        }
        decoder.add(
                Operation.NORM_CONVOLVE,
                norm("decoder.conv_norm_out", width),
                convolution("decoder.conv_out", width, AutoencoderConfig.COLOURS, 3));
        return decoder.layers;
    }

    private void residuals(String block, int count, int in, int out) {
        for (int i = 0; i < count; i++) {
            residual(block + "resnets." + i + ".", i == 0 ? in : out, out);
        }
    }

    private void residual(String prefix, int in, int out) {
        List<List<Weight>> weights = new ArrayList<>(List.of(
                norm(prefix + "norm1", in), convolution(prefix + "conv1", in, out, 3),
                norm(prefix + "norm2", out), convolution(prefix + "conv2", out, out, 3)));
        if (in != out) {
            weights.add(convolution(prefix + "conv_shortcut", in, out, 1));
        }
        layers.add(new Layer(Operation.RESIDUAL, flatten(weights)));
    }

    private void middle(String block, int width) {
        residual(block + "resnets.0.", width, width);
        String attention = block + "attentions.0.";
        add(
                Operation.PIXEL_ATTENTION,
                norm(attention + "group_norm", width),
                linear(attention + "to_q", width),
                linear(attention + "to_k", width),
                linear(attention + "to_v", width),
                linear(attention + "to_out.0", width));
        residual(block + "resnets.1.", width, width);
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // the array is read, and not kept
    private void add(Operation operation, List<Weight>... weights) {
        layers.add(new Layer(operation, flatten(List.of(weights))));
    }

    private static List<Weight> flatten(List<List<Weight>> weights) {
        return weights.stream().flatMap(List::stream).toList();
    }

    private static List<Weight> convolution(String name, int in, int out, int kernel) {
        return List.of(new Weight(name + ".weight", out, in, kernel, kernel), new Weight(name + ".bias", out));
    }

    private static List<Weight> linear(String name, int width) {
        return List.of(new Weight(name + ".weight", width, width), new Weight(name + ".bias", width));
    }

    private static List<Weight> norm(String name, int width) {
        return List.of(new Weight(name + ".weight", width), new Weight(name + ".bias", width));
    }
}
