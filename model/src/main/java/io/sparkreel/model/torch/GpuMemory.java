// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The memory of GPUs in bytes, as the driver tells: its library is there wherever a GPU computes, while a CUDA runtime may
 * lie where nobody but libtorch looks for it. GPUs have the numbers that libtorch gives them.
 */
public final class GpuMemory {
    private static final String LIBRARY = "libcuda.so.1";

    /** The functions of the driver's library, under their own names; each returns 0 if it worked. */
    private interface Driver extends Library {
        int cuInit(int flags);

        int cuDeviceGet(IntByReference device, int number);

        int cuDeviceTotalMem_v2(LongByReference bytes, int device);

        int cuDevicePrimaryCtxRetain(PointerByReference context, int device);

        int cuDevicePrimaryCtxRelease_v2(int device);

        int cuCtxPushCurrent_v2(Pointer context);

        int cuCtxPopCurrent_v2(PointerByReference context);

        int cuMemGetInfo_v2(LongByReference free, LongByReference total);
    }

    /** The library, loaded once; absent on machines without a GPU. */
    private static final class Installed {
        static final Optional<GpuMemory> DRIVER = find(LIBRARY);
    }

    private final Driver driver;

    private GpuMemory(Driver driver) {
        this.driver = driver;
    }

    /** By the library of this name or path; empty if there is none, or it sees no GPU. */
    static Optional<GpuMemory> find(String library) {
        try {
            Driver driver = Native.load(library, Driver.class);
            return driver.cuInit(0) == 0 ? Optional.of(new GpuMemory(driver)) : Optional.empty();
        } catch (UnsatisfiedLinkError absent) {
            return Optional.empty();
        }
    }

    /** All that a GPU has; empty where there is no such GPU. */
    public static OptionalLong total(int gpu) {
        return Installed.DRIVER.map(driver -> driver.totalOf(gpu)).orElse(OptionalLong.empty());
    }

    /** What all processes have taken of a GPU on which this one computes; empty where there is no such GPU. */
    public static OptionalLong used(int gpu) {
        return Installed.DRIVER.map(driver -> driver.usedOf(gpu)).orElse(OptionalLong.empty());
    }

    OptionalLong totalOf(int gpu) {
        IntByReference device = new IntByReference();
        LongByReference bytes = new LongByReference();
        boolean known =
                driver.cuDeviceGet(device, gpu) == 0 && driver.cuDeviceTotalMem_v2(bytes, device.getValue()) == 0;
        return known ? OptionalLong.of(bytes.getValue()) : OptionalLong.empty();
    }

    OptionalLong usedOf(int gpu) {
        IntByReference device = new IntByReference();
        PointerByReference context = new PointerByReference();
        if (driver.cuDeviceGet(device, gpu) != 0 || driver.cuDevicePrimaryCtxRetain(context, device.getValue()) != 0) {
            return OptionalLong.empty();
        }
        try {
            if (driver.cuCtxPushCurrent_v2(context.getValue()) != 0) {
                return OptionalLong.empty();
            }
            try {
                LongByReference free = new LongByReference();
                LongByReference total = new LongByReference();
                return driver.cuMemGetInfo_v2(free, total) == 0
                        ? OptionalLong.of(total.getValue() - free.getValue())
                        : OptionalLong.empty();
            } finally {
                driver.cuCtxPopCurrent_v2(context);
            }
        } finally {
            driver.cuDevicePrimaryCtxRelease_v2(device.getValue());
        }
    }
}
