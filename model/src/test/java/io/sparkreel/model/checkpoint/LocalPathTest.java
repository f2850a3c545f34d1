// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparkreel.model.InvalidInputException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalPathTest {
    @ParameterizedTest
    @CsvSource({
        "a/b,a/b",
        "/a b,/a b",
        "file:/a,/a",
        "file:///a/b,/a/b",
        "file:///a b,/a b",
        "file:///a%20b,/a b",
        "a:b,a:b"
    })
    void takesPathsAndAddressesOfFiles(String word, String path) {
        assertEquals(Path.of(path), LocalPath.of(word));
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3a://bucket/run", "hdfs://name:8020/run", "hdfs:/run", "https://host/x"})
    void refusesOtherStoresInOneLine(String word) {
        String message = assertThrows(InvalidInputException.class, () -> LocalPath.of(word))
                .getMessage();
        assertEquals(
                "Cannot open " + word + ": it is not on this machine. "
                        + "Give a folder here, and copy from or to there with hadoop fs.",
                message);
    }
}
