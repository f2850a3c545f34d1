// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A shared library that stands in for one of a GPU's, compiled by the test that wants it. */
public final class CompiledLibrary {
    private CompiledLibrary() {}

    /**
     * Compiles it; skips the test where there is no C compiler.
     *
     * @param source resource with its source
     * @param folder where the library goes
     */
    public static Path of(String source, Path folder) throws Exception {
        Path code = folder.resolve("fake.c");
        Path library = folder.resolve("libfake.so");
        try (InputStream in = CompiledLibrary.class.getResourceAsStream(source)) {
            Files.copy(in, code);
        }
        Process compiler = null;
        try {
            compiler = new ProcessBuilder(
                            "cc", "-shared", "-fPIC", "-O1", "-o", library.toString(), code.toString(), "-lpthread")
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException absent) {
            assumeTrue(false, source + " is not tested: there is no C compiler 'cc' here");
        }
        String said = new String(compiler.getInputStream().readAllBytes(), UTF_8);
        assertTrue(compiler.waitFor(30, TimeUnit.SECONDS) && compiler.exitValue() == 0, said);
        return library;
    }
}
