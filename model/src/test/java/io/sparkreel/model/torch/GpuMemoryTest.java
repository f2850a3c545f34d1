// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.jna.Library;
import com.sun.jna.Native;
import io.sparkreel.model.CompiledLibrary;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The binding to the driver over a small library of the same functions, compiled here. */
class GpuMemoryTest {
    @TempDir
    static Path folder;

    /** What the library has for tests alone. */
    private interface Fake extends Library {
        int fake_held();
    }

    @Test
    void eachGpuTellsItsOwnMemory() throws Exception {
        Path library = CompiledLibrary.of("/cuda/fake.c", folder);
        GpuMemory memory = GpuMemory.find(library.toString()).orElseThrow();
        assertEquals(OptionalLong.of(8L << 30), memory.totalOf(0));
        assertEquals(OptionalLong.of(80_000_000_000L), memory.totalOf(1));
        assertEquals(OptionalLong.empty(), memory.totalOf(2));
        assertEquals(OptionalLong.of(0), memory.usedOf(0));
        assertEquals(OptionalLong.of(3L << 30), memory.usedOf(1));
        assertEquals(OptionalLong.empty(), memory.usedOf(2));
        assertEquals(0, Native.load(library.toString(), Fake.class).fake_held());
    }

    @Test
    void aMachineWithoutTheDriverHasNoGpu() {
        assertEquals(Optional.empty(), GpuMemory.find("libno-cuda.so.1"));
    }
}
