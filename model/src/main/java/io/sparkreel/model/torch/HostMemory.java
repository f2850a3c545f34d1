// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;

/** This process's memory, as the operating system hands it out and takes it back. Where it cannot, nothing happens. */
public final class HostMemory {
    private static final long PAGE = 4096;
    /** {@code MADV_DONTNEED}: private memory reads as zero from now on, and takes none until it is written again. */
    private static final int NOT_NEEDED = 4;
    /** {@code MADV_HUGEPAGE}: where it is written, in pages of 2 MiB, of which a page fault is as dear as of 4 KiB. */
    private static final int LARGE_PAGES = 14;
    /** {@code M_TRIM_THRESHOLD}: free bytes at the end of an arena from which on they go back. */
    private static final int TRIM_THRESHOLD = -1;
    /** {@code M_MMAP_THRESHOLD}: bytes from which on an allocation is a mapping of its own, which goes back when freed. */
    private static final int MAPPING_THRESHOLD = -3;

    private static final int MEBIBYTE = 1 << 20;
    /** Parameters from which on a step takes so long that giving back memory in its midst does not count. */
    private static final long LARGE_MODEL = 1L << 28;

    private static final Function ADVISE = function("madvise");
    private static final Function TRIM = function("malloc_trim");
    private static final Function TUNE = function("mallopt");

    private HostMemory() {}

    /** Whether a model of this many parameters gives back memory as it trains. */
    public static boolean isLarge(long parameters) {
        return parameters >= LARGE_MODEL;
    }

    /** A function of the C library, null where that has none of this name. */
    private static Function function(String name) {
        try {
            return Platform.isLinux() ? NativeLibrary.getInstance("c").getFunction(name) : null;
        } catch (UnsatisfiedLinkError absent) {
            return null;
        }
    }

    /**
     * Gives back the whole pages of a range, which read as zero afterwards, and come back as large ones if they can.
     *
     * @param end the byte after the last
     * @return the first byte and the byte after the last of what was given back; the same twice if nothing was
     */
    static long[] giveBack(long begin, long end) {
        long from = (begin + PAGE - 1) / PAGE * PAGE;
        long to = end / PAGE * PAGE;
        if (from >= to || !advise(from, to, NOT_NEEDED)) {
            return new long[] {begin, begin};
        }
        advise(from, to, LARGE_PAGES);
        return new long[] {from, to};
    }

    private static boolean advise(long from, long to, int advice) {
        return ADVISE != null && ADVISE.invokeInt(new Object[] {new Pointer(from), to - from, advice}) == 0;
    }

    /**
     * Gives back what neither Java nor native code uses, before something large is allocated beside it.
     */
    public static void makeRoom() {
        System.gc();
        trim();
    }

    /**
     * Lets native code's allocator keep as little as it can of what is freed from now on, or as much as it comes to keep by
     * itself. Little is slow: every larger allocation comes from the operating system and goes back there.
     */
    public static void keepLittle(boolean little) {
        if (TUNE != null) {
            TUNE.invokeInt(new Object[] {MAPPING_THRESHOLD, little ? MEBIBYTE : 32 * MEBIBYTE});
            TUNE.invokeInt(new Object[] {TRIM_THRESHOLD, little ? MEBIBYTE : 64 * MEBIBYTE});
        }
    }

    /**
     * Gives back what native code has freed, and its allocator and matrix products keep for the next time. That time
     * costs more then: about a millisecond for every four mebibytes.
     */
    public static void trim() {
        if (TRIM != null) {
            TorchAbi.freeProductBuffers();
            TRIM.invokeInt(new Object[] {0L});
        }
    }
}
