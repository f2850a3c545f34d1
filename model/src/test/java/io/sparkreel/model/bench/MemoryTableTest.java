// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MemoryTableTest {
    @Test
    void thePageHoldsTheTableThatThePlannersModelMakes() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        MemoryTable.print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        String table = bytes.toString(StandardCharsets.UTF_8);
        assertTrue(table.lines().count() > 16);
        String page =
                Files.readString(Path.of(System.getProperty("project.root")).resolve("docs/operations.md"));
        assertTrue(
                page.contains(table.strip()),
                "docs/operations.md does not hold what submit/bench memory prints:\n" + table);
    }
}
