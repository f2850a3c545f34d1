// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The C interface that libtorch exports for code it did not compile. Its tensor handles are what a {@link Tensor} holds.
 */
final class TorchAbi {
    private static final Function DATA_POINTER = function("libtorch_cpu.so", "aoti_torch_get_data_ptr");

    private TorchAbi() {}

    /** The address of a tensor's first element, on whichever device it lies. */
    static long dataPointer(long tensor) {
        PointerByReference address = new PointerByReference();
        check(DATA_POINTER.invokeInt(new Object[] {new Pointer(tensor), address}), "give the address of a tensor");
        return Pointer.nativeValue(address.getValue());
    }

    /** The stream on which the calling thread's work on a GPU is queued. */
    static long currentCudaStream(int device) {
        PointerByReference stream = new PointerByReference();
        check(CudaHolder.STREAM.invokeInt(new Object[] {device, stream}), "name its stream");
        return Pointer.nativeValue(stream.getValue());
    }

    /** Gives back what matrix products keep for the next one. Nothing happens where libtorch computes them without MKL. */
    static void freeProductBuffers() {
        if (MklHolder.FREE != null) {
            MklHolder.FREE.invokeVoid(new Object[0]);
        }
    }

    private static final class MklHolder {
        static final Function FREE = find();

        private static Function find() {
            try {
                return function("libtorch_cpu.so", "mkl_serv_free_buffers");
            } catch (UnsatisfiedLinkError absent) {
                return null;
            }
        }
    }

    private static final class CudaHolder {
        static final Function STREAM = function("libtorch_cuda.so", "aoti_torch_get_current_cuda_stream");
    }

    private static void check(int status, String what) {
        if (status != 0) {
            throw new IllegalStateException("Cannot " + what + ": libtorch answered " + status);
        }
    }

    /** A function of a library that this process has loaded, found by the file it was loaded from. */
    private static Function function(String library, String name) {
        try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
            String path = maps.filter(line -> line.endsWith("/" + library))
                    .map(line -> line.substring(line.indexOf('/')))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("Cannot find " + library
                            + " in this process. Start libtorch first, on a GPU its CUDA build."));
            return NativeLibrary.getInstance(path).getFunction(name);
        } catch (IOException e) {
            throw new IllegalStateException("Cannot read which libraries this process has loaded", e);
        }
    }
}
