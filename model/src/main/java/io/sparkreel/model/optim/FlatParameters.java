// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.denoiser.ParameterSpec;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.HostMemory;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The parameters of a model: one fp32 vector, and a view of it for every tensor. */
public final class FlatParameters implements AutoCloseable {
    /** Elements drawn at a time: a multiple of what one call of the generator gives. */
    private static final int PIECE = 1 << 16;

    private final ParameterLayout layout;
    private final FlatBuffer values;
    private final Map<String, Tensor> views = new HashMap<>();

    /** Parameters that are all zero. */
    public FlatParameters(ParameterLayout layout, Tensors tensors) {
        this.layout = layout;
        if (layout.isLarge() && tensors.isOnHost()) {
            HostMemory.makeRoom();
        }
        values = new FlatBuffer(tensors, layout.elements());
        layout.slots()
                .forEach((name, slot) ->
                        views.put(name, values.view(slot.begin(), slot.spec().shape())));
    }

    /** What lies where. */
    public ParameterLayout layout() {
        return layout;
    }

    /** All values. */
    public FlatBuffer values() {
        return values;
    }

    /** The tensor of this name; it shares memory with {@link #values()}. */
    public Tensor tensor(String name) {
        Tensor view = views.get(name);
        if (view == null) {
            throw new IllegalArgumentException("Cannot find parameter " + name);
        }
        return view;
    }

    /** Gives every tensor its first values. They depend on the seed and the tensor's name alone. */
    public void initialise(long seed) {
        float[] piece = new float[PIECE];
        layout.slots().forEach((name, slot) -> initialise(slot, seed, piece));
    }

    /** Draws and writes piece by piece: the largest tensors would weigh on Java's heap for the rest of the run. */
    private void initialise(ParameterLayout.Slot slot, long seed, float[] piece) {
        Filler filler = filler(slot.spec(), seed);
        for (long done = 0; done < slot.spec().elements(); ) {
            int length = (int) Math.min(piece.length, slot.spec().elements() - done);
            filler.fill(piece, length);
            values.write(slot.begin() + done, FloatBuffer.wrap(piece, 0, length));
            done += length;
        }
    }

    /** Fills the first elements of an array with a tensor's next values. */
    private interface Filler {
        void fill(float[] target, int length);
    }

    private Filler filler(ParameterSpec spec, long seed) {
        KeyedRandom random = KeyedRandom.of(seed, 0, stableHash(spec.name()), KeyedRandom.Purpose.INITIALISATION);
        long[] shape = spec.shape();
        long fanOut = shape[0];
        long fanIn = spec.elements() / fanOut;
        return switch (spec.initialiser()) {
            case ZERO -> (target, length) -> Arrays.fill(target, 0, length, 0);
            case ONE -> (target, length) -> Arrays.fill(target, 0, length, 1);
            case XAVIER_UNIFORM -> uniform(random, Math.sqrt(6.0 / (fanIn + fanOut)));
            case PATCH_BIAS -> uniform(random, 1 / Math.sqrt(patchInputs()));
            case NORMAL_0_02 -> normal(random, 0.02);
            case NORMAL_OVER_ROOT_WIDTH -> normal(random, 1 / Math.sqrt((double) shape[shape.length - 1]));
        };
    }

    private double patchInputs() {
        ParameterSpec patch = layout.slot("x_embedder.proj.weight").spec();
        return patch.elements() / (double) patch.shape()[0];
    }

    private static Filler uniform(KeyedRandom random, double bound) {
        return (target, length) -> {
            for (int i = 0; i < length; i++) {
                target[i] = (float) ((2 * random.nextDouble() - 1) * bound);
            }
        };
    }

    private static Filler normal(KeyedRandom random, double deviation) {
        return (target, length) -> {
            random.fillNormal(target, 0, length);
            for (int i = 0; i < length; i++) {
                target[i] *= (float) deviation;
            }
        };
    }

    /** FNV-1a: the same number on every machine. */
    private static long stableHash(String name) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < name.length(); i++) {
            hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }

    @Override
    public void close() {
        values.close();
    }
}
