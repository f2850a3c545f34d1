// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.checkpoint.safetensors.HalfPrecision;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.DenoiserInput;
import io.sparkreel.model.denoiser.Linear;
import io.sparkreel.model.denoiser.Parameters;
import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The spatial-temporal diffusion transformer of Open-Sora 1.1: structure, parameters and the order of calls.
 * The mathematics of each step is in {@code stdit2.py}.
 *
 * <p>The model reads its parameters from wherever {@code parameters} finds them and owns none of them. It is
 * stateless: stages can be called one by one, which is what {@link Stdit2Stem} does.
 */
final class Stdit2 implements Denoiser {
    private final Kernels kernels = Kernels.instance();
    private final Stdit2Kernels own = Stdit2Kernels.instance();
    private final Stdit2Config config;
    private final Tensors tensors;
    private final Precision precision;
    private final long[] patch;
    private final Linear patchProjection;
    private final ScalarEmbedder timestepEmbedder;
    private final Linear spatialModulation;
    private final Linear temporalModulation;
    private final ScalarEmbedder sizeEmbedder;
    private final ScalarEmbedder aspectRatioEmbedder;
    private final ScalarEmbedder frameCountEmbedder;
    private final ScalarEmbedder fpsEmbedder;
    private final Linear captionFirst;
    private final Linear captionSecond;
    private final List<Stdit2Block> blocks = new ArrayList<>();
    private final Tensor finalTable;
    private final Linear finalProjection;

    /** A model that computes in fp32. */
    Stdit2(Stdit2Config config, Parameters parameters, Tensors tensors) {
        this(config, parameters, tensors, Precision.FP32);
    }

    /**
     * @param parameters a tensor for every name of {@link Stdit2Layout}, on the device of {@code tensors}
     * @param precision what the blocks compute in; gradients of parameters are fp32 in any case
     */
    Stdit2(Stdit2Config config, Parameters parameters, Tensors tensors, Precision precision) {
        this.config = config;
        this.tensors = tensors;
        this.precision = precision;
        patch = config.patchSize().stream().mapToLong(Integer::longValue).toArray();
        patchProjection = Linear.of(parameters, "x_embedder.proj");
        timestepEmbedder = new ScalarEmbedder("t_embedder", parameters, tensors);
        spatialModulation = Linear.of(parameters, "t_block.1");
        temporalModulation = Linear.of(parameters, "t_block_temp.1");
        sizeEmbedder = new ScalarEmbedder("csize_embedder", parameters, tensors);
        aspectRatioEmbedder = new ScalarEmbedder("ar_embedder", parameters, tensors);
        frameCountEmbedder = new ScalarEmbedder("fl_embedder", parameters, tensors);
        fpsEmbedder = new ScalarEmbedder("fps_embedder", parameters, tensors);
        captionFirst = Linear.of(parameters, "y_embedder.y_proj.fc1");
        captionSecond = Linear.of(parameters, "y_embedder.y_proj.fc2");
        for (int i = 0; i < config.depth(); i++) {
            blocks.add(new Stdit2Block(config, i, parameters));
        }
        finalTable = parameters.tensor("final_layer.scale_shift_table");
        finalProjection = Linear.of(parameters, "final_layer.linear");
    }

    @Override
    public int blocks() {
        return blocks.size();
    }

    @Override
    public int stemGroups() {
        return Stdit2Layout.STEM_GROUPS;
    }

    @Override
    public Tensors tensors() {
        return tensors;
    }

    @Override
    public Stem stem(DenoiserInput input) {
        return new Stdit2Stem(this, input);
    }

    /**
     * What all steps of a sampler share.
     *
     * @param text captions projected to the width of tokens [B, L, D]
     * @param information embedding of size and aspect ratio [B, D]
     * @param length embedding of frame count and fps [B, D]
     * @param position spatial positions [S, D]
     * @param angles rotary angles [T', head size / 2]
     */
    record Shared(Tensor text, Tensor information, Tensor length, Tensor position, Tensor angles) implements Prepared {}

    @Override
    public Shared prepare(DenoiserInput input) {
        try (TensorScope scope = TensorScope.open()) {
            Shared shared = new Shared(
                    text(input),
                    information(input.facts()),
                    length(input.facts()),
                    position(input),
                    rotaryAngles(input));
            scope.releaseAll(
                    List.of(shared.text(), shared.information(), shared.length(), shared.position(), shared.angles()));
            return shared;
        }
    }

    /** {@inheritDoc} The output is the predicted noise or clean latent, and variance values: [B, 2C, T, H, W]. */
    @Override
    public Tensor forward(DenoiserInput input, Prepared prepared) {
        Shared shared = (Shared) prepared;
        try (TensorScope scope = TensorScope.open()) {
            Conditioning condition = condition(input, embeddings(input, shared.information(), shared.length()));
            Tensor hidden = embed(input, shared.position());
            for (int i = 0; i < blocks.size(); i++) {
                Tensor next = block(i, hidden, shared.text(), condition, input, shared.angles());
                hidden.close();
                hidden = next;
            }
            return scope.release(head(hidden, condition, input));
        }
    }

    /** Timestep, size, aspect ratio, frame count and fps. */
    Embeddings embeddings(DenoiserInput input) {
        try (TensorScope scope = TensorScope.open()) {
            Embeddings embeddings = embeddings(input, information(input.facts()), length(input.facts()));
            scope.releaseAll(embeddings.tensors());
            return embeddings;
        }
    }

    private Tensor information(ClipFacts size) {
        return kernels.concatLast(List.of(
                sizeEmbedder.embed(roundLikeReference(size.height())),
                sizeEmbedder.embed(roundLikeReference(size.width())),
                aspectRatioEmbedder.embed(roundLikeReference(size.aspectRatio())))); // [B, D]
    }

    private Tensor length(ClipFacts size) {
        return kernels.add(
                frameCountEmbedder.embed(roundLikeReference(size.numFrames())),
                fpsEmbedder.embed(roundLikeReference(size.fps()))); // [B, D]
    }

    private Embeddings embeddings(DenoiserInput input, Tensor information, Tensor length) {
        boolean given = input.noised() != null;
        Tensor t = timestepEmbedder.embed(roundLikeReference(times(input)));
        return new Embeddings(
                t,
                kernels.add(t, given ? kernels.repeatTwice(information) : information),
                kernels.add(t, given ? kernels.repeatTwice(length) : length));
    }

    /** The timesteps [B], followed by B zeros where some frames are conditioning frames. */
    private static float[] times(DenoiserInput input) {
        float[] times = input.time();
        return Arrays.copyOf(times, input.noised() == null ? times.length : 2 * times.length);
    }

    /** Whether the projection of the captions is trained. */
    boolean trainsText() {
        return captionFirst.trained() || captionSecond.trained();
    }

    /** Whether some embedder of timestep and sizes is trained. */
    boolean trainsEmbedders() {
        return timestepEmbedder.isTrained()
                || sizeEmbedder.isTrained()
                || aspectRatioEmbedder.isTrained()
                || frameCountEmbedder.isTrained()
                || fpsEmbedder.isTrained();
    }

    /** Whether the projection of patches is trained. */
    boolean trainsPatches() {
        return patchProjection.trained();
    }

    /**
     * Adds to the gradients of the embedders' parameters what follows from those of the embeddings.
     *
     * @param embeddings leaves that have collected gradients
     */
    void addEmbeddingGradients(DenoiserInput input, Embeddings embeddings) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor spatial = Autograd.gradient(embeddings.spatial());
            Tensor temporal = Autograd.gradient(embeddings.temporal());
            Tensor timestep = kernels.add(kernels.add(Autograd.gradient(embeddings.timestep()), spatial), temporal);
            timestepEmbedder.addGradients(roundLikeReference(times(input)), timestep);
            ClipFacts size = input.facts();
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

    /** Rounded, once or twice. */
    private float[] repeated(float[] values, int rows) {
        float[] repeated = Arrays.copyOf(roundLikeReference(values), rows);
        System.arraycopy(repeated, 0, repeated, rows - values.length, values.length);
        return repeated;
    }

    /**
     * The modulation of blocks and final layer by timestep and sizes. A recorded graph leads back to the embeddings
     * alone; {@link #addModulationGradients} is for the weights.
     */
    Conditioning condition(DenoiserInput input, Embeddings embeddings) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor spatial = modulation(embeddings.spatial(), 6, spatialModulation); // [B or 2B, 6, D]
            Tensor temporal = modulation(embeddings.temporal(), 3, temporalModulation); // [B or 2B, 3, D]
            int batch = input.time().length;
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

    private Tensor modulation(Tensor embedding, int rows, Linear map) {
        return own.modulation(
                embedding,
                rows,
                Linear.tensors(map).stream().map(Autograd::detach).toList());
    }

    /**
     * Adds to the gradients of the modulations' weights what follows from those of their results.
     *
     * @param condition leaves that have collected gradients
     */
    void addModulationGradients(Embeddings embeddings, Conditioning condition) {
        addGradients(spatialModulation, embeddings.spatial(), condition.spatial(), condition.spatialAtZero());
        addGradients(temporalModulation, embeddings.temporal(), condition.temporal(), condition.temporalAtZero());
    }

    private void addGradients(Linear map, Tensor embedding, Tensor rows, Tensor rowsAtZero) {
        if (!map.trained()) {
            return;
        }
        List<Tensor> parts = rowsAtZero == null ? List.of(rows) : List.of(rows, rowsAtZero);
        own.addModulationGradients(embedding, Autograd.gradients(parts), Autograd.gradients(Linear.tensors(map)));
    }

    private float[] roundLikeReference(float[] values) {
        float[] rounded = new float[values.length];
        for (int b = 0; b < rounded.length; b++) {
            rounded[b] = roundLikeReference(values[b]);
        }
        return rounded;
    }

    /**
     * A timestep or size as the reference gives it to a model of this precision. A quirk: in bf16 it rounds them, 999
     * to 1000 and 854 to 856, which is what the published weights have seen.
     */
    private float roundLikeReference(float value) {
        return precision == Precision.BF16 ? HalfPrecision.fromBf16(HalfPrecision.toBf16(value)) : value;
    }

    /** TextBatch projected to the width of tokens, [B, L, D]. */
    Tensor text(DenoiserInput input) {
        return own.captionMlp(input.text().features(), precision, Linear.tensors(captionFirst, captionSecond));
    }

    /** Rotary angles of the clip's frames, [T', head size / 2]. */
    Tensor rotaryAngles(DenoiserInput input) {
        int frames = (int) grid(input)[0];
        return tensors.of(PositionEmbedding.rotaryAngles(frames, config.headSize()), frames, config.headSize() / 2);
    }

    /** Positions of tokens in a frame [S, D]. The first sample's size scales those of all. */
    private Tensor position(DenoiserInput input) {
        long[] grid = grid(input);
        double area = (double) roundLikeReference(input.facts().height()[0])
                * roundLikeReference(input.facts().width()[0]);
        double scale = Math.sqrt(area) / config.inputSquareSize();
        float[] positions = PositionEmbedding.spatial((int) grid[1], (int) grid[2], config.hiddenSize(), scale);
        return tensors.of(positions, grid[1] * grid[2], config.hiddenSize());
    }

    /** Patches with their positions, [B, T', S, D]. */
    Tensor embed(DenoiserInput input) {
        try (TensorScope scope = TensorScope.open()) {
            return scope.release(embed(input, position(input)));
        }
    }

    private Tensor embed(DenoiserInput input, Tensor position) {
        return own.patchEmbed(input.latent(), position, patch, precision, Linear.tensors(patchProjection));
    }

    /** Block {@code index} on tokens [B, T', S, D]. */
    Tensor block(int index, Tensor x, Tensor text, Conditioning condition, DenoiserInput input, Tensor angles) {
        return blocks.get(index).forward(x, text, input.text().bias(), condition, input.noised(), angles);
    }

    /** The final layer, [B, 2C, T, H, W], padding cut away. */
    Tensor head(Tensor x, Conditioning condition, DenoiserInput input) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor modulated = condition.hasGivenFrames()
                    ? own.finalModulationByFrame(
                            x, condition.timestep(), condition.timestepAtZero(), finalTable, input.noised())
                    : own.finalModulation(x, condition.timestep(), finalTable);
            long[] shape = input.latent().shape();
            long[] size = {shape[2], shape[3], shape[4]};
            return scope.release(own.unpatchify(modulated, grid(input), patch, size, Linear.tensors(finalProjection)));
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
