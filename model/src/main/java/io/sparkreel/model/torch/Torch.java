// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.Utils;
import io.sparkreel.model.NodeLock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Starts libtorch in this process, once, and sets threads up to use it. */
public final class Torch {
    /** The libtorch that the JNI layer was built with; no other fits. */
    public static final String VERSION = "2.7.1";

    private static boolean started;

    private Torch() {}

    /**
     * Loads libtorch if this is the first call, and prepares the calling thread. Every thread that computes
     * calls this once; later calls cost next to nothing.
     *
     * @throws IllegalStateException if the library does not load or computes wrongly
     */
    public static void start() {
        load();
        TorchNative.setGradMode(false);
    }

    /** As {@link #start()}, and lets every operator use this many threads. */
    public static void start(int threads) {
        start();
        JniUtils.setNumThreads(threads);
    }

    /** The first GPU if libtorch can use one, else the host. */
    public static Tensors fastestDevice() {
        Tensors gpu = Tensors.onGpu(0);
        return problem(gpu).isEmpty() ? gpu : Tensors.onHost();
    }

    /**
     * Why libtorch cannot compute on a device, in its own words; empty if it can. Computing there is the only sure
     * sign: DJL counts the GPUs of a CUDA runtime of its own finding, which need not be the one that libtorch has.
     */
    public static Optional<String> problem(Tensors device) {
        start();
        try (TensorScope scope = TensorScope.open()) {
            float[] sum = Kernels.instance()
                    .add(device.of(new float[] {1, 2}, 2), device.of(new float[] {4, 8}, 2))
                    .floats();
            return sum[0] == 5 && sum[1] == 10
                    ? Optional.empty()
                    : Optional.of("it computed " + Arrays.toString(sum) + " instead of [5.0, 10.0]");
        } catch (EngineException e) {
            return Optional.of(reason(e));
        }
    }

    /** libtorch tells where it was before it tells what is wrong. */
    private static String reason(EngineException e) {
        List<String> lines = String.valueOf(e.getMessage())
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        String line = lines.stream()
                .filter(text -> text.contains("Error: "))
                .reduce((first, last) -> last)
                .orElse(lines.isEmpty() ? e.toString() : lines.get(0));
        return line.replaceFirst("\\. .*", ""); // what it guesses at after that is about how libtorch was built
    }

    /** The CUDA stream on which this thread's work on a GPU is queued. */
    public static long currentStream(int gpu) {
        return TorchAbi.currentCudaStream(gpu);
    }

    /** The number of threads that one operator may use. */
    public static int threads() {
        return JniUtils.getNumThreads();
    }

    private static synchronized void load() {
        if (started) {
            return;
        }
        OneDnn.limitWhereItComputesWrongly();
        unpackAlone("pytorch", () -> Engine.getEngine("PyTorch"));
        selfTest();
        started = true;
    }

    /**
     * Runs what makes DJL unpack a native library, while no other process of this host does.
     *
     * @param engine DJL's name of the library's folder
     */
    public static synchronized <T> T unpackAlone(String engine, Supplier<T> load) {
        // Everything comes from the class path or PYTORCH_LIBRARY_PATH; a cluster node need not reach the network.
        if (System.getProperty("ai.djl.offline") == null) {
            System.setProperty("ai.djl.offline", "true");
        }
        Path cache = Utils.getEngineCacheDir(engine);
        try {
            // DJL checks and then deletes while it unpacks, so processes of one host must take turns.
            return NodeLock.holding(cache.resolve(".lock"), load::get);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Cannot unpack the library " + engine + " under " + cache
                            + ". Set DJL_CACHE_DIR to a folder that can be written.",
                    e);
        }
    }

    /**
     * A libtorch of another version than the JNI layer's loads without complaint and returns corrupt data, and so does
     * one whose kernels do not fit the processor. So compute something with a known answer.
     */
    private static void selfTest() {
        Kernels kernels = Kernels.instance();
        try (TensorScope scope = TensorScope.open()) {
            long[] shape = {3, 4};
            Tensor ramp = kernels.selfTest(shape);
            float[] values = java.util.Arrays.equals(ramp.shape(), shape) ? ramp.floats() : new float[0];
            double sum = 0;
            for (float value : values) {
                sum += value;
            }
            if (values.length != 12 || sum != 66 || values[11] != 11) {
                throw new IllegalStateException("Cannot use libtorch: it computed " + sum + " instead of 66. "
                        + "Point PYTORCH_LIBRARY_PATH at libtorch " + VERSION + ", or unset it.");
            }
            float difference = kernels.selfTestConvolution(2, 24, 6, 10).floats()[0];
            if (difference != 0) { // also NaN
                throw new IllegalStateException("Cannot use libtorch on this processor: a convolution is off by "
                        + difference + ". " + OneDnn.remedy());
            }
        }
    }
}
