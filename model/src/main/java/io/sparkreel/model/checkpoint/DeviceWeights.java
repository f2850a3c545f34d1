// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The weights of a model that is only run, on the device and in the precision it computes in. It owns its tensors.
 * Nothing of the size of the model is held beside them while they are read.
 */
public final class DeviceWeights implements AutoCloseable {

    private static final int CHUNK = 1 << 24; // elements

    private final TensorScope owner = TensorScope.longLived();
    private final Map<String, Tensor> tensors = new HashMap<>();

    private DeviceWeights() {}

    /**
     * Reads tensors.
     *
     * @param storedNames the name in the folder of every tensor wanted, by the name it is asked for
     * @param precision of a tensor, by the name it is asked for
     */
    public static DeviceWeights read(
            WeightsFolder folder,
            Map<String, String> storedNames,
            Function<String, Precision> precision,
            Tensors device)
            throws IOException {
        DeviceWeights weights = new DeviceWeights();
        try {
            for (Map.Entry<String, String> name : storedNames.entrySet()) {
                weights.tensors.put(
                        name.getKey(), weights.read(folder, name.getValue(), precision.apply(name.getKey()), device));
            }
            return weights;
        } catch (IOException | RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    private Tensor read(WeightsFolder folder, String name, Precision precision, Tensors device) throws IOException {
        Kernels kernels = Kernels.instance();
        long[] shape = folder.tensors().get(name).shape();
        long elements = folder.tensors().get(name).elementCount();
        try (TensorScope scope = TensorScope.open()) {
            Tensor flat = device.zeros(precision, elements);
            for (long done = 0; done < elements; ) {
                int count = (int) Math.min(CHUNK, elements - done);
                try (TensorScope chunk = TensorScope.open()) {
                    FloatBuffer values = FloatBuffer.allocate(count);
                    folder.readFloats(name, done, values);
                    kernels.copyInto(kernels.sliceFlat(flat, done, count, count), device.of(values.flip(), count));
                }
                done += count;
            }
            return owner.own(kernels.sliceFlat(flat, 0, elements, shape));
        }
    }

    /** The tensor of this name. */
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("Cannot find weights " + name);
        }
        return tensor;
    }

    @Override
    public void close() {
        owner.close();
    }
}
