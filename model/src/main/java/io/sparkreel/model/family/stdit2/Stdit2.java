// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.checkpoint.safetensors.HalfPrecision;
import io.sparkreel.model.denoiser.BlockwiseBackward;
import io.sparkreel.model.denoiser.DenoiserInput;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * The spatial-temporal diffusion transformer of Open-Sora 1.1: structure, parameters and the order of calls.
 * The mathematics of each step is in {@code kernels.py}.
 *
 * <p>The model reads its parameters from wherever {@code parameters} finds them and owns none of them. It is
 * stateless: stages can be called one by one, which is what {@link BlockwiseBackward} does.
 */
public final class Stdit2 {
    private final Kernels kernels = Kernels.instance();
    private final Stdit2Config config;
    private final Tensors tensors;
    private final Precision precision;
    private final long[] patch;
    private final List<Tensor> patchProjection;
    private final ScalarEmbedder timestepEmbedder;
    private final List<Tensor> spatialModulation;
    private final List<Tensor> temporalModulation;
    private final ScalarEmbedder sizeEmbedder;
    private final ScalarEmbedder aspectRatioEmbedder;
    private final ScalarEmbedder frameCountEmbedder;
    private final ScalarEmbedder fpsEmbedder;
    private final List<Tensor> captionMlp;
    private final List<Stdit2Block> blocks = new ArrayList<>();
    private final Tensor finalTable;
    private final List<Tensor> finalProjection;

    /** A model that computes in fp32. */
    public Stdit2(Stdit2Config config, Function<String, Tensor> parameters, Tensors tensors) {
        this(config, parameters, tensors, Precision.FLOAT32);
    }

    /**
     * @param parameters an fp32 tensor for every name of {@link ParameterLayout}, on the device of {@code tensors}
     * @param precision what the blocks compute in; gradients of parameters are fp32 in any case
     */
    public Stdit2(Stdit2Config config, Function<String, Tensor> parameters, Tensors tensors, Precision precision) {
        this.config = config;
        this.tensors = tensors;
        this.precision = precision;
        patch = config.patchSize().stream().mapToLong(Integer::longValue).toArray();
        patchProjection = linears(parameters, "x_embedder.proj");
        timestepEmbedder = new ScalarEmbedder("t_embedder", parameters, tensors);
        spatialModulation = linears(parameters, "t_block.1");
        temporalModulation = linears(parameters, "t_block_temp.1");
        sizeEmbedder = new ScalarEmbedder("csize_embedder", parameters, tensors);
        aspectRatioEmbedder = new ScalarEmbedder("ar_embedder", parameters, tensors);
        frameCountEmbedder = new ScalarEmbedder("fl_embedder", parameters, tensors);
        fpsEmbedder = new ScalarEmbedder("fps_embedder", parameters, tensors);
        captionMlp = linears(parameters, "y_embedder.y_proj.fc1", "y_embedder.y_proj.fc2");
        for (int i = 0; i < config.depth(); i++) {
            blocks.add(new Stdit2Block(config, i, parameters));
        }
        finalTable = parameters.apply("final_layer.scale_shift_table");
        finalProjection = linears(parameters, "final_layer.linear");
    }

    static List<Tensor> linears(Function<String, Tensor> parameters, String... names) {
        List<Tensor> weights = new ArrayList<>();
        for (String name : names) {
            weights.add(parameters.apply(name + ".weight"));
            weights.add(parameters.apply(name + ".bias"));
        }
        return List.copyOf(weights);
    }

    /** The hyper-parameters. */
    public Stdit2Config config() {
        return config;
    }

    /** Where this model computes. */
    public Tensors tensors() {
        return tensors;
    }

    /**
     * What of a forward pass depends on neither the values of the latent nor the timestep, so that all steps of a
     * sampler share it.
     *
     * @param text captions projected to the width of tokens [B, L, D]
     * @param information embedding of size and aspect ratio [B, D]
     * @param length embedding of frame count and fps [B, D]
     * @param position spatial positions [S, D]
     * @param angles rotary angles [T', head size / 2]
     */
    public record Prepared(Tensor text, Tensor information, Tensor length, Tensor position, Tensor angles) {}

    /** Works out what inputs of the same captions, sizes and shape share; the current scope owns it. */
    public Prepared prepare(DenoiserInput input) {
        try (TensorScope scope = TensorScope.open()) {
            Prepared prepared = new Prepared(
                    text(input), information(input.size()), length(input.size()), position(input), rotaryAngles(input));
            scope.releaseAll(List.of(
                    prepared.text(),
                    prepared.information(),
                    prepared.length(),
                    prepared.position(),
                    prepared.angles()));
            return prepared;
        }
    }

    /** The whole model: the predicted noise and variance values [B, 2C, T, H, W], fp32. */
    public Tensor forward(DenoiserInput input) {
        try (TensorScope scope = TensorScope.open()) {
            return scope.release(forward(input, prepare(input)));
        }
    }

    /**
     * The whole model.
     *
     * @param prepared of an input that differs in latent, timestep and given frames alone
     */
    public Tensor forward(DenoiserInput input, Prepared prepared) {
        try (TensorScope scope = TensorScope.open()) {
            Conditioning condition = condition(input, embeddings(input, prepared.information(), prepared.length()));
            Tensor hidden = embed(input, prepared.position());
            for (int i = 0; i < blocks.size(); i++) {
                Tensor next = block(i, hidden, prepared.text(), condition, input, prepared.angles());
                hidden.close();
                hidden = next;
            }
            return scope.release(head(hidden, condition, input));
        }
    }

    /** Timestep, size, aspect ratio, frame count and fps. */
    public Embeddings embeddings(DenoiserInput input) {
        try (TensorScope scope = TensorScope.open()) {
            Embeddings embeddings = embeddings(input, information(input.size()), length(input.size()));
            scope.releaseAll(embeddings.tensors());
            return embeddings;
        }
    }

    private Tensor information(DenoiserInput.ClipSize size) {
        return kernels.concatLast(List.of(
                sizeEmbedder.embed(told(size.height())),
                sizeEmbedder.embed(told(size.width())),
                aspectRatioEmbedder.embed(told(size.aspectRatio())))); // [B, D]
    }

    private Tensor length(DenoiserInput.ClipSize size) {
        return kernels.add(
                frameCountEmbedder.embed(told(size.numFrames())), fpsEmbedder.embed(told(size.fps()))); // [B, D]
    }

    private Embeddings embeddings(DenoiserInput input, Tensor information, Tensor length) {
        boolean given = input.noised() != null;
        Tensor t = timestepEmbedder.embed(told(times(input)));
        return new Embeddings(
                t,
                kernels.add(t, given ? kernels.repeatTwice(information) : information),
                kernels.add(t, given ? kernels.repeatTwice(length) : length));
    }

    /** The timesteps; then, if some frames are given, 0 as often. */
    private static float[] times(DenoiserInput input) {
        float[] times = input.timestep();
        return Arrays.copyOf(times, input.noised() == null ? times.length : 2 * times.length);
    }

    /**
     * Adds to the gradients of the embedders' parameters what those of embeddings make of them.
     *
     * @param embeddings leaves that have collected gradients
     */
    public void addEmbeddingGradients(DenoiserInput input, Embeddings embeddings) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor spatial = Autograd.gradient(embeddings.spatial());
            Tensor temporal = Autograd.gradient(embeddings.temporal());
            Tensor timestep = kernels.add(kernels.add(Autograd.gradient(embeddings.timestep()), spatial), temporal);
            timestepEmbedder.addGradients(told(times(input)), timestep);
            DenoiserInput.ClipSize size = input.size();
            int rows = (int) timestep.shape()[0];
            int width = config.hiddenSize() / 3;
            sizeEmbedder.addGradients(repeated(size.height(), rows), kernels.columns(spatial, 0, width));
            sizeEmbedder.addGradients(repeated(size.width(), rows), kernels.columns(spatial, width, width));
            aspectRatioEmbedder.addGradients(
                    repeated(size.aspectRatio(), rows), kernels.columns(spatial, 2 * width, width));
            frameCountEmbedder.addGradients(repeated(size.numFrames(), rows), temporal);
            fpsEmbedder.addGradients(repeated(size.fps(), rows), temporal);
        }
    }

    /** As the model is told them, once or twice. */
    private float[] repeated(float[] values, int rows) {
        float[] told = Arrays.copyOf(told(values), rows);
        System.arraycopy(told, 0, told, rows - values.length, values.length);
        return told;
    }

    /**
     * What the blocks and the final layer are told of timestep and sizes. A recorded graph leads back to the embeddings
     * alone; {@link #addModulationGradients} is for the weights.
     */
    public Conditioning condition(DenoiserInput input, Embeddings embeddings) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor spatial = modulation(embeddings.spatial(), 6, spatialModulation); // [B or 2B, 6, D]
            Tensor temporal = modulation(embeddings.temporal(), 3, temporalModulation); // [B or 2B, 3, D]
            int batch = input.timestep().length;
            if (input.noised() == null) {
                scope.releaseAll(List.of(spatial, temporal));
                return new Conditioning(embeddings.timestep(), spatial, temporal, null, null, null);
            }
            Conditioning condition = new Conditioning(
                    kernels.rows(embeddings.timestep(), 0, batch),
                    kernels.rows(spatial, 0, batch),
                    kernels.rows(temporal, 0, batch),
                    kernels.rows(embeddings.spatial(), batch, batch),
                    kernels.rows(spatial, batch, batch),
                    kernels.rows(temporal, batch, batch));
            scope.releaseAll(condition.tensors());
            return condition;
        }
    }

    private Tensor modulation(Tensor embedding, int rows, List<Tensor> weights) {
        return kernels.modulation(
                embedding, rows, weights.stream().map(Autograd::detach).toList());
    }

    /**
     * Adds to the gradients of the modulations' weights what the gradients of their results make of them.
     *
     * @param condition leaves that have collected gradients
     */
    public void addModulationGradients(Embeddings embeddings, Conditioning condition) {
        addGradients(spatialModulation, embeddings.spatial(), condition.spatial(), condition.spatialAtZero());
        addGradients(temporalModulation, embeddings.temporal(), condition.temporal(), condition.temporalAtZero());
    }

    private void addGradients(List<Tensor> weights, Tensor embedding, Tensor rows, Tensor rowsAtZero) {
        List<Tensor> parts = rowsAtZero == null ? List.of(rows) : List.of(rows, rowsAtZero);
        kernels.addModulationGradients(embedding, Autograd.gradients(parts), Autograd.gradients(weights));
    }

    private float[] told(float[] values) {
        float[] told = new float[values.length];
        for (int b = 0; b < told.length; b++) {
            told[b] = told(values[b]);
        }
        return told;
    }

    /**
     * A timestep or size as a model of this precision is told it. A quirk of the reference: in bf16 it rounds them, 999
     * to 1000 and 854 to 856, which is what the published weights have seen.
     */
    private float told(float value) {
        return precision == Precision.BFLOAT16 ? HalfPrecision.fromBf16(HalfPrecision.toBf16(value)) : value;
    }

    /** TextBatch projected to the width of tokens, [B, L, D]. */
    public Tensor text(DenoiserInput input) {
        return kernels.captionMlp(input.captions().features(), precision, captionMlp);
    }

    /** Rotary angles of the clip's frames, [T', head size / 2]. */
    public Tensor rotaryAngles(DenoiserInput input) {
        int frames = (int) grid(input)[0];
        return tensors.of(PositionEmbedding.rotaryAngles(frames, config.headSize()), frames, config.headSize() / 2);
    }

    /** Positions of tokens in a frame [S, D]. The first sample's size scales those of all. */
    private Tensor position(DenoiserInput input) {
        long[] grid = grid(input);
        double area =
                (double) told(input.size().height()[0]) * told(input.size().width()[0]);
        double scale = Math.sqrt(area) / config.inputSquareSize();
        float[] positions = PositionEmbedding.spatial((int) grid[1], (int) grid[2], config.hiddenSize(), scale);
        return tensors.of(positions, grid[1] * grid[2], config.hiddenSize());
    }

    /** Patches with their positions, [B, T', S, D]. */
    public Tensor embed(DenoiserInput input) {
        try (TensorScope scope = TensorScope.open()) {
            return scope.release(embed(input, position(input)));
        }
    }

    private Tensor embed(DenoiserInput input, Tensor position) {
        return kernels.patchEmbed(input.latent(), position, patch, precision, patchProjection);
    }

    /** Block {@code index} on tokens [B, T', S, D]. */
    public Tensor block(int index, Tensor x, Tensor text, Conditioning condition, DenoiserInput input, Tensor angles) {
        return blocks.get(index).forward(x, text, input.captions().bias(), condition, input.noised(), angles);
    }

    /** The final layer, [B, 2C, T, H, W], padding cut away. */
    public Tensor head(Tensor x, Conditioning condition, DenoiserInput input) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor modulated = condition.hasGivenFrames()
                    ? kernels.finalModulationByFrame(
                            x, condition.timestep(), condition.timestepAtZero(), finalTable, input.noised())
                    : kernels.finalModulation(x, condition.timestep(), finalTable);
            long[] shape = input.latent().shape();
            long[] size = {shape[2], shape[3], shape[4]};
            return scope.release(kernels.unpatchify(modulated, grid(input), patch, size, finalProjection));
        }
    }

    /** Frames, rows and columns of tokens. */
    private long[] grid(DenoiserInput input) {
        long[] shape = input.latent().shape();
        long[] grid = new long[3];
        for (int i = 0; i < 3; i++) {
            grid[i] = (shape[i + 2] + patch[i] - 1) / patch[i];
        }
        return grid;
    }
}
