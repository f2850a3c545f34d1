// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** A safetensors file read without the code under test: values of any type as floats. */
public final class GoldenTensors {
    public record Entry(long[] shape, float[] values) {}

    private final Map<String, Entry> entries = new TreeMap<>();

    public static GoldenTensors of(GoldenData golden, String name) {
        Path file = golden.file(name);
        try {
            ByteBuffer data = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int headerLength = Math.toIntExact(data.getLong());
            byte[] header = new byte[headerLength];
            data.get(header);
            int base = Long.BYTES + headerLength;
            GoldenTensors tensors = new GoldenTensors();
            new ObjectMapper().readTree(header).properties().forEach(field -> {
                if (!field.getKey().equals("__metadata__")) {
                    tensors.entries.put(field.getKey(), entry(field.getValue(), data, base));
                }
            });
            return tensors;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Entry entry(JsonNode description, ByteBuffer data, int base) {
        JsonNode sizes = description.get("shape");
        long[] shape = new long[sizes.size()];
        int count = 1;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = sizes.get(i).asLong();
            count *= (int) shape[i];
        }
        int begin = base + description.get("data_offsets").get(0).asInt();
        String type = description.get("dtype").asText();
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = switch (type) {
                case "F32" -> data.getFloat(begin + 4 * i);
                case "F64" -> (float) data.getDouble(begin + 8 * i);
                case "I64" -> data.getLong(begin + 8 * i);
                case "I32" -> data.getInt(begin + 4 * i);
                case "BOOL", "U8" -> data.get(begin + i);
                default -> throw new IllegalArgumentException(type);
            };
        }
        return new Entry(shape, values);
    }

    public Map<String, Entry> entries() {
        return entries;
    }

    public boolean has(String name) {
        return entries.containsKey(name);
    }

    public Entry get(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("no golden tensor " + name);
        }
        return entry;
    }

    public float[] values(String name) {
        return get(name).values();
    }

    public long[] shape(String name) {
        return get(name).shape();
    }

    public Tensor tensor(String name) {
        return Tensors.onHost().of(values(name), shape(name));
    }

    /** Largest absolute value of all tensors whose name begins so. */
    public double largestOf(String prefix) {
        return entries.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix))
                .mapToDouble(entry -> largest(entry.getValue().values()))
                .max()
                .orElse(0);
    }

    public static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** Largest absolute error, relative to the largest absolute value expected. */
    public static double error(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        double scale = Math.max(1e-30, largest(expected));
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) expected[i] - actual[i]);
            worst = Math.max(worst, Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference);
        }
        return worst / scale;
    }

    public void assertClose(String name, float[] actual, double tolerance) {
        double error = error(values(name), actual);
        assertTrue(error <= tolerance, () -> name + ": relative error " + error + " exceeds " + tolerance);
    }
}
