// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TensorBoardWriterTest {

    private static final Instant CREATED = Instant.ofEpochSecond(1_700_000_000L, 250_000_000);

    /** TensorBoard 2.21 reads these bytes as the scalar "loss", 0.5 at step 1, a second after the file's beginning. */
    private static final String SEEN_BY_TENSORBOARD = "1800000000000000a37f4b22090000104"
            + "0fc54d9411a0d627261696e2e4576656e743a32338d2fe91a00000000000000129bd82d0900005040fc54d94110012a0d0a0b0a04"
            + "6c6f7373150000003fa34de289";

    @Test
    void theFileIsWhatTensorBoardReads() throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (TensorBoardWriter writer = new TensorBoardWriter(file, CREATED)) {
            writer.scalar("loss", 1, 0.5f, CREATED.plusSeconds(1));
        }
        assertArrayEquals(HexFormat.of().parseHex(SEEN_BY_TENSORBOARD), file.toByteArray());
    }

    /** TensorBoard 2.21 writes these bytes for the start of a session at step 3, and purges what it knows from there on. */
    @Test
    void stepsThatAreTakenAgainBeginWithASession() throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (TensorBoardWriter writer = new TensorBoardWriter(file, CREATED)) {
            writer.begin(3, CREATED.plusSeconds(1));
        }
        assertArrayEquals(
                HexFormat.of().parseHex("0900005040fc54d94110033a020801"),
                records(file.toByteArray()).get(1));
    }

    @Test
    void pointsOfManyStepsAndTagsAreReadBack() throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        long[] steps = {0, 127, 128, 300, 1L << 40};
        String longTag = "very/long/".repeat(30) + "ü";
        try (TensorBoardWriter writer = new TensorBoardWriter(file, CREATED)) {
            for (long step : steps) {
                writer.scalar("loss", step, step * 0.5f, CREATED.plusSeconds(step));
                writer.scalar(longTag, step, -1e-30f, CREATED);
            }
        }
        List<byte[]> records = records(file.toByteArray());
        assertEquals(1 + 2 * steps.length, records.size());
        Map<Integer, Object> first = message(records.get(0));
        assertEquals("brain.Event:2", text(first.get(3)));
        assertEquals(1_700_000_000.25, Double.longBitsToDouble((Long) first.get(1)));
        for (int i = 0; i < steps.length; i++) {
            Map<Integer, Object> event = message(records.get(1 + 2 * i));
            assertEquals(1_700_000_000.25 + steps[i], Double.longBitsToDouble((Long) event.get(1)));
            assertEquals(steps[i], event.get(2));
            Map<Integer, Object> point =
                    message((byte[]) message((byte[]) event.get(5)).get(1));
            assertEquals("loss", text(point.get(1)));
            assertEquals(steps[i] * 0.5f, Float.intBitsToFloat(((Long) point.get(2)).intValue()));
            Map<Integer, Object> other = message((byte[]) message(
                            (byte[]) message(records.get(2 + 2 * i)).get(5))
                    .get(1));
            assertEquals(longTag, text(other.get(1)));
        }
    }

    @Test
    void filesAreFoundByTheirNameAndSortByTime() {
        String early = TensorBoardWriter.fileName(Instant.ofEpochSecond(999_999_999L), "host");
        String late = TensorBoardWriter.fileName(Instant.ofEpochSecond(1_000_000_000L), "host");
        assertEquals("events.out.tfevents.0999999999.host", early);
        assertTrue(early.compareTo(late) < 0);
    }

    private static List<byte[]> records(byte[] file) {
        List<byte[]> records = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            byte[] length = new byte[8];
            buffer.get(length);
            assertEquals(maskedChecksum(length), buffer.getInt());
            byte[] data = new byte
                    [(int) ByteBuffer.wrap(length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getLong()];
            buffer.get(data);
            assertEquals(maskedChecksum(data), buffer.getInt());
            records.add(data);
        }
        return records;
    }

    /** CRC-32C bit by bit, masked as TensorFlow masks it. */
    private static int maskedChecksum(byte[] bytes) {
        int checksum = -1;
        for (byte value : bytes) {
            checksum ^= value & 0xFF;
            for (int bit = 0; bit < 8; bit++) {
                checksum = (checksum & 1) != 0 ? checksum >>> 1 ^ 0x82F63B78 : checksum >>> 1;
            }
        }
        checksum = ~checksum;
        return (checksum >>> 15 | checksum << 17) + 0xA282EAD8;
    }

    /** The fields of a message by number: Long for numbers, byte[] for the rest. */
    private static Map<Integer, Object> message(byte[] bytes) {
        Map<Integer, Object> fields = new TreeMap<>();
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            long key = varint(buffer);
            Object value = switch ((int) (key & 7)) {
                case 0 -> varint(buffer);
                case 1 -> buffer.getLong();
                case 5 -> (long) buffer.getInt();
                case 2 -> {
                    byte[] content = new byte[(int) varint(buffer)];
                    buffer.get(content);
                    yield content;
                }
                default -> throw new AssertionError("wire type of key " + key + " in " + Arrays.toString(bytes));
            };
            fields.put((int) (key >> 3), value);
        }
        return fields;
    }

    private static long varint(ByteBuffer buffer) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = buffer.get();
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    private static String text(Object bytes) {
        return new String((byte[]) bytes, StandardCharsets.UTF_8);
    }
}
