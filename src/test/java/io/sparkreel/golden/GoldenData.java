// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.golden;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the reference programs have left: in the folder that {@code -Dgolden.dir} names, else in the modules' own copies. A
 * test of what a named folder lacks is skipped and says so; the own copies lack nothing.
 */
public final class GoldenData {
    private static final Path ROOT = Path.of(System.getProperty("project.root", ".."));
    private static final List<String> MODULES = List.of("bucketing", "model");

    private final boolean own;
    private final List<Path> folders;

    private GoldenData(boolean own, List<Path> folders) {
        this.own = own;
        this.folders = folders;
    }

    static GoldenData find() {
        String named = System.getProperty("golden.dir", "");
        if (!named.isBlank()) {
            Path folder = ROOT.resolve(named);
            assertTrue(Files.isDirectory(folder), () -> "golden.dir: there is no folder " + folder);
            return new GoldenData(false, List.of(folder));
        }
        return new GoldenData(
                true,
                MODULES.stream()
                        .map(module -> ROOT.resolve(module).resolve("src/test/resources/golden"))
                        .filter(Files::isDirectory)
                        .toList());
    }

    void require(boolean there, String what) {
        String message = "no " + what + " in " + folders;
        if (own) {
            assertTrue(there, message);
        }
        assumeTrue(there, message);
    }

    /** Names of the files that match a regular expression, at least one, sorted. */
    public List<String> files(String pattern) {
        List<String> names = new ArrayList<>();
        for (Path folder : folders) {
            try (Stream<Path> files = Files.list(folder)) {
                files.map(file -> file.getFileName().toString())
                        .filter(name -> name.matches(pattern))
                        .forEach(names::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        require(!names.isEmpty(), pattern);
        return names.stream().sorted().toList();
    }

    public Path file(String name) {
        Path file = place(name);
        require(Files.exists(file), name);
        return file;
    }

    /** A file or folder that a named folder must have as well. */
    public Path required(String name) {
        Path file = place(name);
        assertTrue(Files.exists(file), () -> "no " + name + " in " + folders);
        return file;
    }

    public JsonNode requiredJson(String name) {
        return read(required(name));
    }

    private Path place(String name) {
        return folders.stream()
                .map(folder -> folder.resolve(name))
                .filter(Files::exists)
                .findFirst()
                .orElseGet(() -> folders.get(0).resolve(name));
    }

    public JsonNode json(String name) {
        return read(file(name));
    }

    private static JsonNode read(Path file) {
        try {
            return new ObjectMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
