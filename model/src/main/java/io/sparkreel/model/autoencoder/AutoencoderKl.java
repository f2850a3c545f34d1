// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.autoencoder.AutoencoderLayers.Layer;
import io.sparkreel.model.autoencoder.AutoencoderLayers.Weight;
import io.sparkreel.model.checkpoint.DeviceWeights;
import io.sparkreel.model.checkpoint.WeightsFolder;
import io.sparkreel.model.checkpoint.safetensors.TensorCheck;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The autoencoder of Stable Diffusion 1 (Rombach et al. 2022), with the weights and names that the Hugging Face hub has,
 * applied to each frame by itself. Latents are sampled: mean + deviation * noise, times the scaling factor.
 *
 * <p>Frames are computed a micro-batch at a time, which bounds the memory whatever the length of a clip.
 */
public final class AutoencoderKl implements LatentCodec {

    private static final double LEAST_LOG_VARIANCE = -30;
    private static final double MOST_LOG_VARIANCE = 20;

    private final AutoencoderKernels kernels = AutoencoderKernels.instance();
    private final AutoencoderConfig config;
    private final CodecGeometry geometry;
    private final DeviceWeights weights;
    private final Tensors tensors;
    private final int microBatch;
    private final List<Layer> encoder;
    private final List<Layer> decoder;

    private AutoencoderKl(AutoencoderConfig config, DeviceWeights weights, int microBatch, Tensors tensors) {
        this.config = config;
        geometry = geometry(config);
        this.weights = weights;
        this.microBatch = microBatch;
        this.tensors = tensors;
        encoder = AutoencoderLayers.encoder(config);
        decoder = AutoencoderLayers.decoder(config);
    }

    /**
     * Loads a folder of the Hugging Face hub: {@code config.json} and weights as safetensors in one file or several.
     * The tensors of attention may have their present names (to_q and so on) or those of older files (query).
     *
     * @param microBatch frames computed at a time
     * @throws InvalidInputException if something is missing, damaged or does not fit
     */
    public static AutoencoderKl load(Path folder, int microBatch, Tensors tensors) throws IOException {
        if (microBatch < 1) {
            throw new InvalidInputException(
                    "Cannot load an autoencoder: micro_batch_size is " + microBatch + ". Set it to at least 1.");
        }
        AutoencoderConfig config = AutoencoderConfig.read(folder);
        try (WeightsFolder stored = WeightsFolder.open(folder)) {
            Map<String, String> storedNames = new LinkedHashMap<>();
            Map<String, long[]> wanted = new LinkedHashMap<>();
            Stream.concat(AutoencoderLayers.encoder(config).stream(), AutoencoderLayers.decoder(config).stream())
                    .flatMap(layer -> layer.weights().stream())
                    .forEach(weight -> {
                        String name = storedName(weight, stored);
                        storedNames.put(weight.name(), name);
                        wanted.put(name, weight.shape());
                    });
            TensorCheck.require("an autoencoder", wanted, stored.tensors(), name -> false);
            DeviceWeights weights = DeviceWeights.read(stored, storedNames, name -> Precision.FP32, tensors);
            return new AutoencoderKl(config, weights, microBatch, tensors);
        }
    }

    /** The geometry of the autoencoder of a published folder; its {@code config.json} alone is read. */
    public static CodecGeometry geometry(Path folder) throws IOException {
        return geometry(AutoencoderConfig.read(folder));
    }

    private static CodecGeometry geometry(AutoencoderConfig config) {
        return CodecGeometry.frameByFrame(config.latentChannels(), config.spatialFactor());
    }

    private static String storedName(Weight weight, WeightsFolder stored) {
        String name = weight.name();
        if (stored.tensors().containsKey(name)) {
            return name;
        }
        String older = name.replace(".to_q.", ".query.")
                .replace(".to_k.", ".key.")
                .replace(".to_v.", ".value.")
                .replace(".to_out.0.", ".proj_attn.");
        return stored.tensors().containsKey(older) ? older : name;
    }

    @Override
    public CodecGeometry geometry() {
        return geometry;
    }

    private int channels() {
        return geometry.channels();
    }

    private int spatialFactor() {
        return geometry.spatialFactor();
    }

    private int latentElements(int frames, int height, int width) {
        int rows = height / spatialFactor();
        int columns = width / spatialFactor();
        if (rows < 1 || columns < 1) {
            throw new InvalidInputException("Cannot encode a picture of " + width + "x" + height
                    + ": one latent cell is " + spatialFactor() + " pixels wide and high. Give larger pictures.");
        }
        return Math.multiplyExact(channels() * frames, rows * columns);
    }

    /** The same with the given noise [C, T, h, w]. */
    float[] encode(float[] pixels, int frames, int height, int width, float[] noise) {
        return distribution(pixels, frames, height, width).draw(noise);
    }

    /**
     * {@inheritDoc} Every row and column takes part, also those that make no latent row of their own. Noise is drawn
     * for the whole latent [C, T, h, w] at once, so that it does not depend on the micro-batch.
     */
    @Override
    public LatentDistribution distribution(float[] pixels, int frames, int height, int width) {
        float[] moments = moments(pixels, frames, height, width); // [T, 2C, h, w]
        float[] means = new float[moments.length / 2]; // [C, T, h, w]
        float[] logVariances = new float[means.length];
        int area = means.length / (channels() * frames);
        double logScale = 2 * Math.log(config.scalingFactor());
        for (int channel = 0; channel < channels(); channel++) {
            for (int frame = 0; frame < frames; frame++) {
                int target = (channel * frames + frame) * area;
                int mean = (frame * 2 * channels() + channel) * area;
                int logVariance = mean + channels() * area;
                for (int i = 0; i < area; i++) {
                    double clamped =
                            Math.max(LEAST_LOG_VARIANCE, Math.min(MOST_LOG_VARIANCE, moments[logVariance + i]));
                    means[target + i] = (float) (moments[mean + i] * config.scalingFactor());
                    logVariances[target + i] = (float) (clamped + logScale);
                }
            }
        }
        return new LatentDistribution(means, logVariances);
    }

    /** Mean and log variance of each frame's latent, [T, 2C, h, w]. */
    float[] moments(float[] pixels, int frames, int height, int width) {
        int frameSize = AutoencoderConfig.COLOURS * height * width;
        requireLength(pixels, (long) frames * frameSize);
        float[] moments = new float[2 * latentElements(frames, height, width)];
        for (int first = 0; first < frames; first += microBatch) {
            int count = Math.min(microBatch, frames - first);
            try (TensorScope scope = TensorScope.open()) {
                FloatBuffer part = FloatBuffer.wrap(pixels, first * frameSize, count * frameSize);
                Tensor x = tensors.of(part, count, AutoencoderConfig.COLOURS, height, width);
                float[] encoded = run(encoder, x).floats(); // [N, 2C, h, w]
                System.arraycopy(encoded, 0, moments, encoded.length / count * first, encoded.length);
            }
        }
        return moments;
    }

    @Override
    public float[] decode(float[] latent, int frames, int latentHeight, int latentWidth) {
        int area = latentHeight * latentWidth;
        requireLength(latent, (long) channels() * frames * area);
        int frameSize = Math.multiplyExact(AutoencoderConfig.COLOURS * area, spatialFactor() * spatialFactor());
        float[] pixels = new float[Math.multiplyExact(frames, frameSize)];
        for (int first = 0; first < frames; first += microBatch) {
            int count = Math.min(microBatch, frames - first);
            float[] part = new float[count * channels() * area]; // [N, C, h, w]
            for (int i = 0; i < part.length; i++) {
                int frame = first + i / (channels() * area);
                int channel = i / area % channels();
                part[i] = (float) (latent[(channel * frames + frame) * area + i % area] / config.scalingFactor());
            }
            try (TensorScope scope = TensorScope.open()) {
                Tensor x = tensors.of(part, count, channels(), latentHeight, latentWidth);
                float[] decoded = run(decoder, x).floats(); // [N, 3, H, W]
                System.arraycopy(decoded, 0, pixels, first * frameSize, decoded.length);
            }
        }
        return pixels;
    }

    private static void requireLength(float[] values, long expected) {
        if (values.length != expected) {
            throw new IllegalArgumentException("array has " + values.length + " values, not " + expected);
        }
    }

    /** Runs layers one after the other; beside the weights, one input and one output are alive at a time. */
    private Tensor run(List<Layer> layers, Tensor input) {
        Tensor x = input;
        for (Layer layer : layers) {
            Tensor next = apply(layer, x);
            x.close();
            x = next;
        }
        return x;
    }

    private Tensor apply(Layer layer, Tensor x) {
        List<Tensor> parameters = layer.weights().stream()
                .map(weight -> weights.tensor(weight.name()))
                .toList();
        int groups = config.normGroups();
        return switch (layer.operation()) {
            case CONVOLVE -> kernels.convolve(x, parameters);
            case NORM_CONVOLVE -> kernels.normConvolve(x, groups, parameters);
            case RESIDUAL -> kernels.residual(x, groups, parameters);
            case PIXEL_ATTENTION -> kernels.pixelAttention(x, groups, parameters);
            case DOWNSAMPLE -> kernels.downsample(x, parameters);
            case UPSAMPLE -> kernels.upsample(x, parameters);
        };
    }

    @Override
    public void close() {
        weights.close();
    }
}
