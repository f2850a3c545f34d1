// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.sparkreel.jobs.storage.TextFile.Decoded;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Encodings of texts from outside. */
class TextFileTest {
    private static final String TEXT = "Ein Hund läuft 🐕.\n2\n";

    private static Decoded read(byte[]... parts) throws IOException {
        return TextFile.read(new ByteArrayInputStream(bytes(parts)));
    }

    private static byte[] bytes(byte[]... parts) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.write(part);
        }
        return all.toByteArray();
    }

    private static byte[] of(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @Test
    void everyMarkedEncodingGivesTheSameText() throws IOException {
        List<Charset> all = List.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE);
        for (Charset charset : all) {
            assertEquals(new Decoded(TEXT, null), read(("\uFEFF" + TEXT).getBytes(charset)), charset.name());
            assertEquals(new Decoded("", null), read("\uFEFF".getBytes(charset)), charset.name());
            List<Decoded> lines = new ArrayList<>();
            TextFile.lines(new ByteArrayInputStream(("\uFEFF" + TEXT + "3").getBytes(charset)))
                    .forEachRemaining(lines::add);
            assertEquals(
                    List.of(new Decoded("Ein Hund läuft 🐕.", null), new Decoded("2", null), new Decoded("3", null)),
                    lines,
                    charset.name());
        }
        assertEquals(new Decoded(TEXT, null), read(TEXT.getBytes(StandardCharsets.UTF_8)));
        assertEquals(new Decoded("", null), read(new byte[0]));
        assertEquals(new Decoded("a", null), read(of('a')));
    }

    @Test
    void longTextsCrossBuffers() throws IOException {
        String text = "🐕é".repeat(60_000);
        assertEquals(
                "x" + text,
                read(("\uFEFFx" + text).getBytes(StandardCharsets.UTF_16LE)).text());
        assertEquals(
                "x" + text, read(("x" + text).getBytes(StandardCharsets.UTF_8)).text());
    }

    @Test
    void whatIsNoTextIsToldByItsByte() throws IOException {
        assertEquals(
                "byte 4 of the file, 0xe9, is no UTF-8. Save the file as UTF-8",
                read("caf".getBytes(StandardCharsets.UTF_8), of(0xe9, ' ')).problem());
        assertEquals(
                "byte 7 of the file, 0xe9, is no UTF-8. Save the file as UTF-8",
                read(of(0xef, 0xbb, 0xbf), "caf".getBytes(StandardCharsets.UTF_8), of(0xe9, ' '))
                        .problem());
        assertEquals(
                "byte 2 of the file, 0x00, is no text. Save the file as UTF-8",
                read("dog".getBytes(StandardCharsets.UTF_16LE)).problem());
        // Half a pair, then a byte alone.
        assertEquals(
                "byte 5 of the file begins no UTF-16 character. Save the file as UTF-8",
                read(of(0xff, 0xfe, 'a', 0, 0x3d, 0xd8, 'b', 0, 'c')).problem());
        assertEquals(
                "byte 5 of the file begins no UTF-16 character. Save the file as UTF-8",
                read(of(0xff, 0xfe, 'a', 0, 'b')).problem());
    }

    @Test
    void aLineThatIsNoTextLeavesTheOthers() throws IOException {
        List<Decoded> lines = new ArrayList<>();
        TextFile.lines(new ByteArrayInputStream(bytes(of('a', '\n', 'b', 0xff, '\n', 'c', '\n', 0xc3))))
                .forEachRemaining(lines::add);
        assertEquals(4, lines.size());
        assertEquals(new Decoded("a", null), lines.get(0));
        assertEquals(
                "byte 4 of the file, 0xff, is no UTF-8. Save the file as UTF-8",
                lines.get(1).problem());
        assertEquals("c", lines.get(2).text());
        assertNull(lines.get(2).problem());
        assertEquals(
                "byte 8 of the file, 0xc3, is no UTF-8. Save the file as UTF-8",
                lines.get(3).problem());
    }
}
