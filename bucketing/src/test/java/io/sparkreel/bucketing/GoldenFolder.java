// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The folder of golden data: the system property golden.dir, else this module's own copy. */
public final class GoldenFolder {

    private GoldenFolder() {}

    public static Path file(String name) throws IOException {
        Path file = folder().resolve(name);
        assertTrue(Files.exists(file), "no golden data at " + file);
        return file;
    }

    /** A file that a folder given by golden.dir may lack: the test is skipped then. */
    public static Path optional(String name) throws IOException {
        Path file = folder().resolve(name);
        boolean own = System.getProperty("golden.dir", "").isBlank();
        assumeTrue(own || !Files.isDirectory(file.getParent()) || Files.exists(file), () -> "there is no " + file);
        return file(name);
    }

    private static Path folder() {
        String given = System.getProperty("golden.dir", "");
        if (!given.isBlank()) {
            return Path.of(System.getProperty("project.root", "")).resolve(given);
        }
        try {
            return Path.of(GoldenFolder.class.getResource("/golden").toURI());
        } catch (URISyntaxException exception) {
            throw new AssertionError(exception);
        }
    }
}
