// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.nccl;

import com.sun.jna.Library;
import com.sun.jna.Native;
import io.sparkreel.model.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** libnccl and libcudart, found when they are first wanted: libtorch's CUDA build brings both and has loaded them. */
record NcclLibraries(NcclLibrary nccl, CudaRuntime cuda) {

    private static final List<String> NCCL = List.of("libnccl.so.2", "libnccl.so");
    private static final List<String> CUDA =
            List.of("libcudart.so.12", "libcudart.so.13", "libcudart.so.11.0", "libcudart.so");

    /** @throws InvalidInputException if one of them is not there */
    static NcclLibraries find() {
        return new NcclLibraries(
                find("NCCL", NCCL, NcclLibrary.class), find("the CUDA runtime", CUDA, CudaRuntime.class));
    }

    /** Of files that are known. */
    static NcclLibraries load(Path nccl, Path cuda) {
        return new NcclLibraries(
                Native.load(nccl.toString(), NcclLibrary.class), Native.load(cuda.toString(), CudaRuntime.class));
    }

    void checkCuda(int result, String what) {
        if (result != 0) {
            throw new IllegalStateException("Cannot " + what + ": CUDA says " + cuda.cudaGetErrorString(result)
                    + ". See the log of this executor and nvidia-smi on its host.");
        }
    }

    void checkNccl(int result, String what) {
        if (result != 0) {
            throw new IllegalStateException("Cannot " + what + ": NCCL says " + nccl.ncclGetErrorString(result)
                    + ". Set NCCL_DEBUG=INFO on the executors and see their logs.");
        }
    }

    static <L extends Library> L find(String what, List<String> names, Class<L> functions) {
        String problems = "";
        for (String name : names) {
            try {
                return Native.load(loaded(name).orElse(name), functions);
            } catch (UnsatisfiedLinkError absent) {
                problems = problems + (problems.isEmpty() ? "" : ", ") + name;
            }
        }
        throw new InvalidInputException(
                "Cannot join the GPUs: " + what + " was not found (" + problems + "). Keep libtorch"
                        + " beside the libraries that its wheel brings, set LD_LIBRARY_PATH, or train with --device cpu.");
    }

    /** The file from which this process has loaded a library of this name. */
    private static Optional<String> loaded(String name) {
        try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.endsWith("/" + name))
                    .map(line -> line.substring(line.indexOf('/')))
                    .findFirst();
        } catch (IOException notLinux) {
            return Optional.empty();
        }
    }
}
