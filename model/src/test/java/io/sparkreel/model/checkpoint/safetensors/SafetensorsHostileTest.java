// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.checkpoint.Refusal;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two hundred damaged or malicious files of a fixed seed, each to be refused quickly and with little memory. */
class SafetensorsHostileTest {

    private static final int FILES = 200;

    @TempDir
    Path folder;

    private interface Damage {
        /** Turns a valid file into a bad one. */
        void apply(Sample sample, Random random);
    }

    /** A file in parts: the length it claims, the text of its header, its data. */
    private static final class Sample {
        final List<String> entries = new ArrayList<>();
        long claimedLength = -1;
        boolean claims;
        byte[] header;
        int dataLength;
        long fileLength = -1;
        String prefix = "{";
        String suffix = "}";

        byte[] headerBytes() {
            return header != null
                    ? header
                    : (prefix + String.join(",", entries) + suffix).getBytes(StandardCharsets.UTF_8);
        }
    }

    private static final Map<String, Damage> DAMAGES = new HashMap<>();

    static {
        DAMAGES.put(
                "longer than the file", (s, r) -> claim(s, s.headerBytes().length + s.dataLength + 1 + r.nextInt(999)));
        DAMAGES.put("negative length", (s, r) -> claim(s, r.nextLong() | Long.MIN_VALUE));
        DAMAGES.put("huge length", (s, r) -> claim(s, r.nextLong() >>> 1 | 1L << 61));
        DAMAGES.put("no header", (s, r) -> claim(s, r.nextInt(2)));
        DAMAGES.put("header over the limit", (s, r) -> {
            claim(s, SafetensorsHeader.MAX_BYTES + 1 + r.nextInt(1 << 20));
            s.fileLength = 100L << 20;
        });
        DAMAGES.put("shorter header", (s, r) -> claim(s, 2 + r.nextInt(s.headerBytes().length - 3)));
        DAMAGES.put(
                "overlap", (s, r) -> s.entries.add(tensor("extra", "U8", "[2]", s.dataLength - 1, s.dataLength + 1)));
        DAMAGES.put("same range twice", (s, r) -> s.entries.add(tensor("extra", "F32", "[2]", 0, 8)));
        DAMAGES.put("hole", (s, r) -> {
            int gap = 1 + r.nextInt(50);
            s.entries.add(tensor("extra", "U8", "[2]", s.dataLength + gap, s.dataLength + gap + 2));
            s.dataLength += gap + 2;
        });
        DAMAGES.put(
                "out of range", (s, r) -> s.entries.add(tensor("extra", "U8", "[9]", s.dataLength, s.dataLength + 9)));
        DAMAGES.put(
                "far out of range",
                (s, r) -> s.entries.add(tensor("extra", "U8", "[1]", Long.MAX_VALUE - 1, Long.MAX_VALUE)));
        DAMAGES.put("duplicate name", (s, r) -> {
            s.entries.add(tensor("t0", "U8", "[3]", s.dataLength, s.dataLength + 3));
            s.dataLength += 3;
        });
        DAMAGES.put("duplicate by escape", (s, r) -> {
            s.entries.add(tensor("\\u0074\\u0030", "U8", "[3]", s.dataLength, s.dataLength + 3));
            s.dataLength += 3;
        });
        DAMAGES.put("deep arrays", (s, r) -> s.entries.add("\"deep\":" + "[".repeat(100_000 + r.nextInt(100_000))));
        DAMAGES.put(
                "deep objects", (s, r) -> s.entries.add("\"deep\":" + "{\"a\":".repeat(100_000 + r.nextInt(100_000))));
        DAMAGES.put("deep metadata", (s, r) -> s.entries.add("\"__metadata__\":{\"a\":{\"b\":\"c\"}}"));
        DAMAGES.put("trailing data", (s, r) -> s.dataLength += 1 + r.nextInt(1000));
        DAMAGES.put("missing data", (s, r) -> s.dataLength -= 1 + r.nextInt(s.dataLength));
        DAMAGES.put("not UTF-8", (s, r) -> {
            byte[] bytes = s.headerBytes();
            bytes[3] = (byte) (0x80 + r.nextInt(0x40));
            s.header = bytes;
        });
        DAMAGES.put("overlong UTF-8", (s, r) -> {
            byte[] bytes = s.headerBytes();
            bytes[2] = (byte) 0xC0;
            bytes[3] = (byte) 0x80;
            s.header = bytes;
        });
        DAMAGES.put("negative offset", (s, r) -> s.entries.add(tensor("extra", "U8", "[4]", -4 - r.nextInt(9), 0)));
        DAMAGES.put("reversed offsets", (s, r) -> s.entries.add(tensor("extra", "U8", "[0]", 8, 4)));
        DAMAGES.put("negative dimension", (s, r) -> s.entries.add(tensor("extra", "U8", "[-1,0]", 0, 0)));
        DAMAGES.put(
                "overflowing shape",
                (s, r) -> s.entries.add(tensor(
                        "extra",
                        "F32",
                        "[4294967296,4294967296," + (1 + r.nextInt(99)) + "]",
                        s.dataLength,
                        s.dataLength)));
        DAMAGES.put(
                "dimension beyond a long",
                (s, r) -> s.entries.add(tensor("extra", "U8", "[9999999999999999999]", s.dataLength, s.dataLength)));
        DAMAGES.put(
                "number of many digits",
                (s, r) -> s.entries.add(
                        tensor("extra", "U8", "[" + "9".repeat(1_000_000) + "]", s.dataLength, s.dataLength)));
        DAMAGES.put("broken dimension", (s, r) -> s.entries.add(tensor("extra", "U8", "[0.0]", 0, 0)));
        DAMAGES.put("text as dimension", (s, r) -> s.entries.add(tensor("extra", "U8", "[\"0\"]", 0, 0)));
        DAMAGES.put("null shape", (s, r) -> s.entries.add(tensor("extra", "U8", "null", 0, 0)));
        DAMAGES.put(
                "a million dimensions",
                (s, r) -> s.entries.add(
                        tensor("extra", "U8", "[" + "1,".repeat(1_000_000) + "1]", s.dataLength, s.dataLength + 1)));
        DAMAGES.put("wrong size", (s, r) -> {
            s.entries.add(tensor("extra", "F32", "[3]", s.dataLength, s.dataLength + 8));
            s.dataLength += 8;
        });
        DAMAGES.put("unknown type", (s, r) -> s.entries.add(tensor("extra", "F33", "[0]", s.dataLength, s.dataLength)));
        DAMAGES.put(
                "type in lower case",
                (s, r) -> s.entries.add(tensor("extra", "f32", "[0]", s.dataLength, s.dataLength)));
        DAMAGES.put("no type", (s, r) -> s.entries.add("\"extra\":{\"shape\":[0],\"data_offsets\":[0,0]}"));
        DAMAGES.put(
                "three offsets",
                (s, r) -> s.entries.add("\"extra\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0,0]}"));
        DAMAGES.put(
                "repeated field",
                (s, r) -> s.entries.add(
                        "\"extra\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}"));
        DAMAGES.put(
                "unknown field",
                (s, r) -> s.entries.add("\"extra\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"x\":1}"));
        DAMAGES.put("entry is no object", (s, r) -> s.entries.add("\"extra\":[]"));
        DAMAGES.put("entry is null", (s, r) -> s.entries.add("\"extra\":null"));
        DAMAGES.put("metadata is no text", (s, r) -> s.entries.add("\"__metadata__\":{\"a\":1}"));
        DAMAGES.put("two metadata", (s, r) -> {
            s.entries.add("\"__metadata__\":{}");
            s.entries.add("\"__metadata__\":{}");
        });
        DAMAGES.put("array as root", (s, r) -> {
            s.prefix = "[{";
            s.suffix = "}]";
        });
        DAMAGES.put("text after the object", (s, r) -> s.suffix = "} {}");
        DAMAGES.put("space before the object", (s, r) -> s.prefix = " {");
        DAMAGES.put("unclosed", (s, r) -> s.suffix = "");
        DAMAGES.put("comment", (s, r) -> s.suffix = "}/* */");
        DAMAGES.put("single quotes", (s, r) -> s.entries.add("'extra':{}"));
        DAMAGES.put("a header full of tensors", (s, r) -> {
            for (int i = 0; i < 120_000; i++) {
                s.entries.add("\"x" + i + "\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,0]}");
            }
        });
        DAMAGES.put("a header full of empty tensors", (s, r) -> {
            for (int i = 0; i < 120_000; i++) {
                s.entries.add("\"x" + i + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
            }
            s.dataLength++;
        });
        DAMAGES.put(
                "a name of a megabyte",
                (s, r) -> s.entries.add(tensor("x".repeat(1 << 20), "U8", "[0]", s.dataLength, s.dataLength)));
        DAMAGES.put("random bytes", (s, r) -> {
            s.header = new byte[1 + r.nextInt(5000)];
            r.nextBytes(s.header);
        });
        DAMAGES.put("a few bytes", (s, r) -> s.fileLength = r.nextInt(9));
    }

    @Test
    void everyHostileFileIsRefusedInBounds() throws IOException {
        Random random = new Random(20240425);
        List<String> kinds = new ArrayList<>(DAMAGES.keySet());
        kinds.sort(null);
        Path path = folder.resolve("hostile.safetensors");
        write(path, sample(random));
        SafetensorsReader.open(path).close(); // the undamaged file is valid, and classes are loaded before timing
        for (int i = 0; i < FILES; i++) {
            String kind = kinds.get(i % kinds.size());
            Sample sample = sample(random);
            DAMAGES.get(kind).apply(sample, random);
            write(path, sample);
            String message =
                    Refusal.inBounds(kind, () -> SafetensorsReader.open(path).close());
            assertTrue(message.startsWith("Cannot read " + path + ": "), message);
            assertTrue(message.length() < path.toString().length() + 400, kind + ": a message of many words");
        }
    }

    private static Sample sample(Random random) {
        Sample sample = new Sample();
        int count = 2 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            int elements = 2 + random.nextInt(20);
            sample.entries.add(tensor(
                    "t" + i, "F32", "[" + elements + ",1]", sample.dataLength, sample.dataLength + 4L * elements));
            sample.dataLength += 4 * elements;
        }
        return sample;
    }

    private static String tensor(String name, String type, String shape, long begin, long end) {
        return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":[" + begin + ","
                + end + "]}";
    }

    private static void claim(Sample sample, long length) {
        sample.claims = true;
        sample.claimedLength = length;
    }

    private static void write(Path path, Sample sample) throws IOException {
        byte[] header = sample.headerBytes();
        long claimed = sample.claims ? sample.claimedLength : header.length;
        ByteBuffer file =
                ByteBuffer.allocate(8 + header.length + sample.dataLength).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(claimed).put(header);
        Files.write(path, file.array());
        if (sample.fileLength >= 0) {
            try (RandomAccessFile resized = new RandomAccessFile(path.toFile(), "rw")) {
                resized.setLength(sample.fileLength);
            }
            assertEquals(sample.fileLength, Files.size(path));
        }
    }
}
