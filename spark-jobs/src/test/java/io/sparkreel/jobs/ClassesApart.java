// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A class path for the processes of a job that has one test class alone. All test classes would bring services along, which
 * a loader above the application's cannot load.
 */
final class ClassesApart {
    private ClassesApart() {}

    /** Copies a class and those inside it into a folder, and returns the folder. */
    static Path copy(Class<?> type, Path folder) throws IOException {
        String outermost = type.getName().substring(type.getPackageName().length() + 1);
        try {
            Path classes = Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
            Path room = Path.of(type.getPackageName().replace('.', '/'));
            Files.createDirectories(folder.resolve(room));
            try (Stream<Path> files = Files.list(classes.resolve(room))) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    String name = file.getFileName().toString();
                    if (name.equals(outermost + ".class") || name.startsWith(outermost + "$")) {
                        Files.copy(file, folder.resolve(room).resolve(name));
                    }
                }
            }
            return folder;
        } catch (URISyntaxException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }
}
