// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.denoiser.ParameterSpec;
import io.sparkreel.model.denoiser.Parameters;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.HostMemory;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The parameters of a model, and a view for every tensor. Those that are trained are one fp32 vector. Frozen ones lie
 * apart, where the model casts them in the type that it computes in, which loses what that type cannot hold.
 */
public final class FlatParameters implements Parameters, AutoCloseable {
    /** Elements drawn at a time: a multiple of what one call of the generator gives. */
    private static final int PIECE = 1 << 16;

    private final ParameterLayout all;
    private final ParameterLayout trained;
    private final FlatBuffer values;
    /** Frozen parameters, each kind in a buffer of its own. */
    private final Map<Precision, FlatBuffer> frozen = new HashMap<>();

    /** Where a tensor lies. */
    private record Place(FlatBuffer buffer, long begin, Tensor view) {}

    private final Map<String, Place> places = new HashMap<>();
    /** What is trained, as a part of all. */
    private final Runs runs;

    /** Parameters that are all zero, and all trained. */
    public FlatParameters(ParameterLayout layout, Tensors tensors) {
        this(layout, name -> false, Precision.FP32, tensors);
    }

    /**
     * Parameters that are all zero.
     *
     * @param isFrozen whether a parameter is not trained
     * @param computeType what the model computes in
     */
    public FlatParameters(ParameterLayout layout, Predicate<String> isFrozen, Precision computeType, Tensors tensors) {
        all = layout;
        trained = layout.only(spec -> !isFrozen.test(spec.name()));
        runs = Runs.of(layout, trained);
        if (HostMemory.isLarge(layout.elements()) && tensors.isOnHost()) {
            HostMemory.makeRoom();
        }
        values = new FlatBuffer(tensors, trained.elements());
        place(trained, values);
        for (Precision precision : Precision.values()) {
            ParameterLayout kept = layout.only(spec ->
                    isFrozen.test(spec.name()) && precision == (spec.inComputeType() ? computeType : Precision.FP32));
            if (kept.elements() > 0) {
                FlatBuffer buffer = new FlatBuffer(tensors, precision, kept.elements());
                frozen.put(precision, buffer);
                place(kept, buffer);
            }
        }
    }

    private void place(ParameterLayout layout, FlatBuffer buffer) {
        layout.slots()
                .forEach((name, slot) -> places.put(
                        name,
                        new Place(
                                buffer,
                                slot.begin(),
                                buffer.view(slot.begin(), slot.spec().shape()))));
    }

    private Place place(String name) {
        Place place = places.get(name);
        if (place == null) {
            throw new IllegalArgumentException("Cannot find parameter " + name);
        }
        return place;
    }

    /** Where what is trained lies in {@link #values}. */
    public ParameterLayout layout() {
        return trained;
    }

    /** Where all parameters would lie in one vector: files of moments name elements by this. */
    public ParameterLayout all() {
        return all;
    }

    /** What is trained, as a part of all. */
    public Runs runs() {
        return runs;
    }

    /** What is trained. */
    public FlatBuffer values() {
        return values;
    }

    @Override
    public Tensor tensor(String name) {
        return place(name).view;
    }

    @Override
    public boolean isTrained(String name) {
        return trained.slots().containsKey(name);
    }

    /** Copies values over a parameter from its element {@code begin} on. */
    public void write(String name, long begin, FloatBuffer source) {
        Place place = place(name);
        place.buffer.write(place.begin + begin, source);
    }

    /** Copies a parameter from its element {@code begin} on, until {@code target} is full. */
    public void read(String name, long begin, FloatBuffer target) {
        Place place = place(name);
        place.buffer.read(place.begin + begin, target);
    }

    /** Gives every tensor its first values. They depend on the seed and the tensor's name alone. */
    public void initialise(long seed) {
        float[] piece = new float[PIECE];
        all.slots().forEach((name, slot) -> initialise(slot, seed, piece));
    }

    /** Draws and writes piece by piece: the largest tensors would weigh on Java's heap for the rest of the run. */
    private void initialise(ParameterLayout.Slot slot, long seed, float[] piece) {
        Filler filler = filler(slot.spec(), seed);
        for (long done = 0; done < slot.spec().elements(); ) {
            int length = (int) Math.min(piece.length, slot.spec().elements() - done);
            filler.fill(piece, length);
            write(slot.spec().name(), done, FloatBuffer.wrap(piece, 0, length));
            done += length;
        }
    }

    /** Fills the first elements of an array with a tensor's next values. */
    private interface Filler {
        void fill(float[] target, int length);
    }

    private static Filler filler(ParameterSpec spec, long seed) {
        KeyedRandom random = KeyedRandom.of(seed, 0, stableHash(spec.name()), KeyedRandom.Purpose.INITIALISATION);
        long[] shape = spec.shape();
        long fanOut = shape[0];
        long fanIn = spec.elements() / fanOut;
        double scale = spec.initialiser().scale();
        return switch (spec.initialiser().kind()) {
            case CONSTANT -> (target, length) -> Arrays.fill(target, 0, length, (float) scale);
            case XAVIER_UNIFORM -> uniform(random, Math.sqrt(6.0 / (fanIn + fanOut)));
            case UNIFORM -> uniform(random, scale);
            case NORMAL -> normal(random, scale);
            case NORMAL_OVER_ROOT_WIDTH -> normal(random, 1 / Math.sqrt((double) shape[shape.length - 1]));
        };
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
        frozen.values().forEach(FlatBuffer::close);
    }
}
