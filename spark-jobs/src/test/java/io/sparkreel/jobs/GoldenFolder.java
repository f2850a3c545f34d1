// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The golden data: in the folder named by the system property golden.dir, else in the copies of the modules. */
public final class GoldenFolder {
    private static final List<String> OWN =
            List.of("spark-jobs/src/test/resources/golden", "bucketing/src/test/resources/golden");

    private GoldenFolder() {}

    /** A file of JSON. A test whose file a given folder lacks is skipped. */
    public static JsonNode json(String name) throws IOException {
        Path root = Path.of(System.getProperty("project.root"));
        String given = System.getProperty("golden.dir", "");
        for (String folder : given.isEmpty() ? OWN : List.of(given)) {
            Path file = root.resolve(folder).resolve(name);
            if (Files.exists(file)) {
                return new ObjectMapper().readTree(file.toFile());
            }
        }
        assumeTrue(given.isEmpty(), () -> "no " + name + " in " + given);
        throw new FileNotFoundException("no module has a copy of " + name);
    }
}
