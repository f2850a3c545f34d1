// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the golden data: in the folder named by the system property golden.dir, else in the test resources. */
public final class GoldenFiles {

    private GoldenFiles() {}

    /** The folder; a relative golden.dir is taken from the system property project.root. */
    public static Path folder() {
        String given = System.getProperty("golden.dir", "");
        if (!given.isEmpty()) {
            return Path.of(System.getProperty("project.root", "")).resolve(given);
        }
        URL resources = GoldenFiles.class.getResource("/golden");
        if (resources == null) {
            throw new IllegalStateException("the test resources have no folder golden");
        }
        try {
            return Path.of(resources.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One file of the folder. A test whose file a folder given by golden.dir lacks is skipped; ours must be there. */
    public static Path file(String name) {
        Path file = folder().resolve(name);
        if (!System.getProperty("golden.dir", "").isEmpty()) {
            assumeTrue(Files.exists(file), () -> "no " + file);
        }
        return file;
    }

    /** One JSON file of the folder. */
    public static JsonNode json(String name) {
        try {
            return new ObjectMapper().readTree(file(name).toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
