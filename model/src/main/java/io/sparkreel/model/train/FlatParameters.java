// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.stdit.ParameterLayout;
import io.sparkreel.model.stdit.ParameterSpec;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;

/** The parameters of a model: one fp32 vector, and a view of it for every tensor. */
public final class FlatParameters implements AutoCloseable {
    private final ParameterLayout layout;
    private final FlatBuffer values;
    private final Map<String, Tensor> views = new HashMap<>();

    /** Parameters that are all zero. */
    public FlatParameters(ParameterLayout layout, Tensors tensors) {
        this.layout = layout;
        values = new FlatBuffer(tensors, layout.elements());
        layout.slots().forEach((name, slot) -> views.put(name, values.view(slot.begin(), slot.spec().shape())));
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
        layout.slots().forEach((name, slot) -> {
            float[] initial = initialValues(slot.spec(), seed);
            values.write(slot.begin(), FloatBuffer.wrap(initial));
        });
    }

    private float[] initialValues(ParameterSpec spec, long seed) {
        float[] target = new float[Math.toIntExact(spec.elements())];
        KeyedRandom random = KeyedRandom.of(seed, 0, stableHash(spec.name()), KeyedRandom.Purpose.INITIALISATION);
        long[] shape = spec.shape();
        long fanOut = shape[0];
        long fanIn = spec.elements() / fanOut;
        switch (spec.initialiser()) {
            case ZERO -> { }
            case ONE -> java.util.Arrays.fill(target, 1);
            case XAVIER_UNIFORM -> uniform(random, target, Math.sqrt(6.0 / (fanIn + fanOut)));
            case PATCH_BIAS -> uniform(random, target, 1 / Math.sqrt(patchInputs()));
            case NORMAL_0_02 -> normal(random, target, 0.02);
            case NORMAL_OVER_ROOT_WIDTH -> normal(random, target, 1 / Math.sqrt(shape[shape.length - 1]));
        }
        return target;
    }

    private double patchInputs() {
        ParameterSpec patch = layout.slot("x_embedder.proj.weight").spec();
        return patch.elements() / (double) patch.shape()[0];
    }

    private static void uniform(KeyedRandom random, float[] target, double bound) {
        for (int i = 0; i < target.length; i++) {
            target[i] = (float) ((2 * random.nextDouble() - 1) * bound);
        }
    }

    private static void normal(KeyedRandom random, float[] target, double deviation) {
        random.fillNormal(target, 0, target.length);
        for (int i = 0; i < target.length; i++) {
            target[i] *= (float) deviation;
        }
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
