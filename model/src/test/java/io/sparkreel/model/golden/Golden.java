// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.golden;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The folder of golden data: the module's own copy, or the one named by {@code -Dgolden.dir}. */
public final class Golden {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Golden() {}

    public static Path folder() {
        if (!isOwn()) {
            return Path.of(System.getProperty("project.root", ".")).resolve(System.getProperty("golden.dir"));
        }
        try {
            return Path.of(Golden.class.getResource("/golden").toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isOwn() {
        return System.getProperty("golden.dir", "").isBlank();
    }

    /** File names in the folder that match a regular expression, sorted. */
    public static List<String> files(String pattern) {
        try (Stream<Path> files = Files.list(folder())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches(pattern))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One file of the folder. A test whose file a folder given by golden.dir lacks is skipped; the own copy has all. */
    public static Path file(String name) {
        Path file = folder().resolve(name);
        assumeTrue(isOwn() || Files.exists(file), () -> "no " + file);
        return file;
    }

    public static JsonNode json(String name) {
        try {
            return JSON.readTree(file(name).toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static GoldenTensors tensors(String name) {
        return GoldenTensors.read(file(name));
    }
}
