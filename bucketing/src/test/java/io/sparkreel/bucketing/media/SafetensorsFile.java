// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads tensors of a safetensors file: length of the header, JSON header, raw data. */
final class SafetensorsFile {

    private final byte[] bytes;
    private final int dataStart;
    private final JsonNode header;

    private SafetensorsFile(byte[] bytes, int dataStart, JsonNode header) {
        this.bytes = bytes;
        this.dataStart = dataStart;
        this.header = header;
    }

    static SafetensorsFile read(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int length = Math.toIntExact(
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong());
        JsonNode header = new ObjectMapper().readTree(bytes, 8, length);
        return new SafetensorsFile(bytes, 8 + length, header);
    }

    boolean has(String name) {
        return header.has(name);
    }

    int[] shape(String name) {
        JsonNode shape = header.get(name).get("shape");
        int[] sizes = new int[shape.size()];
        Arrays.setAll(sizes, i -> shape.get(i).asInt());
        return sizes;
    }

    /** Data of a U8 tensor. */
    byte[] bytes(String name) {
        return raw(name, "U8");
    }

    /** Data of an F32 tensor. */
    float[] floats(String name) {
        byte[] raw = raw(name, "F32");
        float[] values = new float[raw.length / Float.BYTES];
        ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    private byte[] raw(String name, String type) {
        JsonNode entry = header.get(name);
        if (!entry.get("dtype").asText().equals(type)) {
            throw new IllegalArgumentException(
                    name + " is " + entry.get("dtype").asText());
        }
        int from = dataStart + entry.get("data_offsets").get(0).asInt();
        int to = dataStart + entry.get("data_offsets").get(1).asInt();
        return Arrays.copyOfRange(bytes, from, to);
    }
}
