// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header of a safetensors file: names, types, shapes and byte ranges, and free text metadata. Parsing trusts
 * nothing: whatever is not exactly a header that covers the data without gap or overlap is refused, in time and memory
 * bounded by {@link #MAX_BYTES}.
 */
record SafetensorsHeader(Map<String, TensorInfo> tensors, Map<String, String> metadata) {

    /** Longest header that is read. A model of forty thousand tensors needs less. */
    static final int MAX_BYTES = 4 << 20;

    private static final int MAX_DIMENSIONS = 32;
    private static final int ALIGNMENT = 8;
    private static final char REPLACEMENT = '\uFFFD'; // what lenient decoding puts in place of a bad sequence
    private static final String METADATA = "__metadata__";

    // Names are neither interned nor kept in the factory's symbol table: a hostile file could fill both.
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(3)
                    .maxNumberLength(19)
                    .maxStringLength(MAX_BYTES)
                    .maxNameLength(1 << 16)
                    .build())
            .build();

    /** What is wrong with a header, to be completed with the file's name. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String found) {
            super(found);
        }
    }

    /**
     * Parses a header.
     *
     * @param dataLength bytes of the file after the header
     * @throws MalformedException if the header is not valid for that much data
     */
    static SafetensorsHeader parse(byte[] header, long dataLength) throws MalformedException {
        String text = new String(header, StandardCharsets.UTF_8);
        if (text.indexOf(REPLACEMENT) >= 0 && !isUtf8(header)) {
            throw new MalformedException("its header is not UTF-8");
        }
        if (!text.startsWith("{")) {
            throw new MalformedException("its header does not start with {");
        }
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = null;
        long[] integers = new long[MAX_DIMENSIONS];
        try (JsonParser json = JSON.createParser(text)) {
            json.nextToken();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                expect(json.nextToken(), JsonToken.START_OBJECT, name);
                if (!name.equals(METADATA)) {
                    if (tensors.put(name, parseTensor(json, name, integers)) != null) {
                        throw new MalformedException("its header names tensor '" + shortened(name) + "' twice");
                    }
                } else if (metadata == null) {
                    metadata = parseMetadata(json);
                } else {
                    throw new MalformedException("its header has two " + METADATA);
                }
            }
            if (json.nextToken() != null) {
                throw new MalformedException("text follows the object of its header");
            }
        } catch (JsonProcessingException e) {
            throw new MalformedException("its header is not JSON of the expected form ("
                    + shortened(e.getOriginalMessage().lines().findFirst().orElse("")) + ")");
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
        requireCovered(tensors.values(), dataLength);
        return new SafetensorsHeader(
                Collections.unmodifiableMap(tensors),
                metadata == null ? Map.of() : Collections.unmodifiableMap(metadata));
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static Map<String, String> parseMetadata(JsonParser json) throws IOException, MalformedException {
        Map<String, String> metadata = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String key = json.currentName();
            expect(json.nextToken(), JsonToken.VALUE_STRING, METADATA);
            if (metadata.put(key, json.getText()) != null) {
                throw new MalformedException("its metadata has two values for '" + shortened(key) + "'");
            }
        }
        return metadata;
    }

    private static TensorInfo parseTensor(JsonParser json, String name, long[] integers)
            throws IOException, MalformedException {
        DataType dataType = null;
        long[] shape = null;
        long[] offsets = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String key = json.currentName();
            json.nextToken();
            if (key.equals("dtype") && dataType == null) {
                dataType = parseDataType(json, name);
            } else if (key.equals("shape") && shape == null) {
                shape = parseIntegers(json, name, integers);
            } else if (key.equals("data_offsets") && offsets == null) {
                offsets = parseIntegers(json, name, integers);
            } else {
                throw malformed(name, "has an unknown or repeated field '" + shortened(key) + "'");
            }
        }
        if (dataType == null || shape == null || offsets == null || offsets.length != 2) {
            throw malformed(name, "lacks its dtype, its shape or its two data_offsets");
        }
        if (offsets[1] < offsets[0]) {
            throw malformed(name, "ends before it begins");
        }
        long bytes;
        try {
            bytes = TensorInfo.byteLength(dataType, shape);
        } catch (ArithmeticException e) {
            throw malformed(name, "has a shape too large to exist");
        }
        if (bytes != offsets[1] - offsets[0]) {
            throw malformed(
                    name,
                    "needs " + bytes + " bytes for " + dataType + " " + Arrays.toString(shape) + " but is given "
                            + (offsets[1] - offsets[0]));
        }
        return new TensorInfo(name, dataType, shape, offsets[0], offsets[1]);
    }

    private static DataType parseDataType(JsonParser json, String name) throws IOException, MalformedException {
        expect(json.currentToken(), JsonToken.VALUE_STRING, name);
        try {
            return DataType.valueOf(json.getText());
        } catch (IllegalArgumentException e) {
            throw malformed(name, "has the unknown dtype '" + shortened(json.getText()) + "'");
        }
    }

    private static long[] parseIntegers(JsonParser json, String name, long[] values)
            throws IOException, MalformedException {
        expect(json.currentToken(), JsonToken.START_ARRAY, name);
        int count = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(json.currentToken(), JsonToken.VALUE_NUMBER_INT, name);
            if (count == values.length) {
                throw malformed(name, "has more than " + values.length + " dimensions");
            }
            values[count] = json.getLongValue();
            if (values[count] < 0) {
                throw malformed(name, "has the negative number " + values[count]);
            }
            count++;
        }
        return Arrays.copyOf(values, count);
    }

    private static void requireCovered(Collection<TensorInfo> tensors, long dataLength) throws MalformedException {
        List<TensorInfo> ordered = new ArrayList<>(tensors);
        ordered.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
        long covered = 0;
        for (TensorInfo tensor : ordered) {
            if (tensor.begin() < covered) {
                throw malformed(tensor.name(), "overlaps the tensor before it");
            }
            if (tensor.begin() > covered) {
                throw malformed(tensor.name(), "follows a hole of " + (tensor.begin() - covered) + " bytes");
            }
            covered = tensor.end();
        }
        if (covered != dataLength) {
            throw new MalformedException(
                    "its header describes " + covered + " bytes of data but it holds " + dataLength);
        }
    }

    private static void expect(JsonToken found, JsonToken expected, String where) throws MalformedException {
        if (found != expected) {
            throw malformed(where, "has " + found + " where " + expected + " belongs");
        }
    }

    private static MalformedException malformed(String name, String found) {
        return new MalformedException("entry '" + shortened(name) + "' of its header " + found);
    }

    /** A piece of a foreign file that is fit for a one-line message. */
    private static String shortened(String text) {
        String start = text.length() > 80 ? text.substring(0, 80) + "..." : text;
        return start.replaceAll("\\p{Cntrl}", "?");
    }

    /** The file's first bytes: length of the header, the header, and spaces up to a multiple of eight. */
    byte[] encode() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[Long.BYTES]);
        try (JsonGenerator json = JSON.createGenerator(out, JsonEncoding.UTF8)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(METADATA);
                for (Map.Entry<String, String> entry : metadata.entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            for (TensorInfo tensor : tensors.values()) {
                long[] shape = tensor.shape();
                json.writeObjectFieldStart(tensor.name());
                json.writeStringField("dtype", tensor.dataType().name());
                json.writeFieldName("shape");
                json.writeArray(shape, 0, shape.length);
                json.writeFieldName("data_offsets");
                json.writeArray(new long[] {tensor.begin(), tensor.end()}, 0, 2);
                json.writeEndObject();
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory", e);
        }
        while (out.size() % ALIGNMENT != 0) {
            out.write(' ');
        }
        byte[] bytes = out.toByteArray();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, bytes.length - Long.BYTES);
        return bytes;
    }
}
