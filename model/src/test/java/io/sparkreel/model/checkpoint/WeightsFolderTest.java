// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsWriter;
import io.sparkreel.model.checkpoint.safetensors.TensorCheck;
import io.sparkreel.model.checkpoint.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsFolderTest {
    @TempDir
    private Path folder;

    private void write(String file, String tensor, float... values) throws IOException {
        try (SafetensorsWriter writer = SafetensorsWriter.builder()
                .tensor(tensor, DataType.F32, values.length)
                .writeTo(Files.newOutputStream(folder.resolve(file)))) {
            writer.write(tensor, FloatBuffer.wrap(values));
            writer.commit();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.safetensors", "diffusion_pytorch_model.safetensors"})
    void readsOneFileOfEitherName(String file) throws IOException {
        write(file, "a", 1, 2);
        try (WeightsFolder weights = WeightsFolder.open(folder)) {
            assertArrayEquals(new float[] {1, 2}, weights.floats("a"));
        }
    }

    @Test
    void readsAFileByItsPath() throws IOException {
        write("anything.safetensors", "a", 3);
        try (WeightsFolder weights = WeightsFolder.open(folder.resolve("anything.safetensors"))) {
            assertArrayEquals(new float[] {3}, weights.floats("a"));
        }
    }

    @Test
    void readsShardsByTheirIndex() throws IOException {
        write("one.safetensors", "a", 1);
        write("two.safetensors", "b", 2);
        index("{'metadata': {'total_size': 8}, 'weight_map': {'b': 'two.safetensors', 'a': 'one.safetensors'}}");
        try (WeightsFolder weights = WeightsFolder.open(folder)) {
            assertEquals(2, weights.tensors().size());
            assertArrayEquals(new float[] {1}, weights.floats("a"));
            assertArrayEquals(new float[] {2}, weights.floats("b"));
        }
    }

    private void index(String json) throws IOException {
        Files.writeString(folder.resolve("model.safetensors.index.json"), json.replace('\'', '"'));
    }

    private String refusal() {
        return assertThrows(
                        InvalidInputException.class,
                        () -> WeightsFolder.open(folder).close())
                .getMessage();
    }

    @Test
    void namesWhatIsMissing() throws IOException {
        assertTrue(refusal().contains("neither model.safetensors nor"), refusal());
        index("{'weight_map': {'a': 'one.safetensors'}}");
        assertTrue(refusal().contains("no such file"), refusal());
        write("one.safetensors", "b", 1);
        assertTrue(refusal().contains("tensor 'a' is not in one.safetensors"), refusal());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "not json",
                "[]",
                "{}",
                "{'weight_map': {}}",
                "{'weight_map': {'a': 1}}",
                "{'weight_map': {'a': '../x.safetensors'}}",
                "{'weight_map': {'a': '/etc/passwd'}}",
                "{'weight_map': {'a': 'x', 'a': 'y'}}"
            })
    void refusesAnIndexThatLeadsElsewhereOrNowhere(String json) throws IOException {
        write("x.safetensors", "a", 1);
        index(json);
        assertTrue(refusal().startsWith("Cannot read " + folder.resolve("model.safetensors.index.json")), refusal());
    }

    @Test
    void listsTenDifferencesAndCountsTheRest() {
        Map<String, long[]> wanted = new LinkedHashMap<>();
        wanted.put("shape", new long[] {2, 3});
        for (int i = 0; i < 11; i++) {
            wanted.put("missing." + i, new long[] {1});
        }
        Map<String, TensorInfo> found = new LinkedHashMap<>();
        for (String name : new String[] {"shape", "extra", "ignored"}) {
            found.put(name, new TensorInfo(name, DataType.F32, new long[] {3, 2}, 0, 24));
        }
        String message = assertThrows(
                        InvalidInputException.class,
                        () -> TensorCheck.require("a model", wanted, found, "ignored"::equals))
                .getMessage();
        assertTrue(message.contains("shape is [3, 2] and not [2, 3], no missing.0, "), message);
        assertTrue(message.contains("no missing.8 and 3 more. "), message);
        wanted.keySet().removeIf(name -> name.startsWith("missing"));
        String extra = assertThrows(
                        InvalidInputException.class,
                        () -> TensorCheck.require("a model", wanted, found, "ignored"::equals))
                .getMessage();
        assertTrue(extra.contains("unknown extra") && !extra.contains("ignored"), extra);
    }
}
