// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.storage.CsvRows.Line;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Records of comma-separated values. */
class CsvRowsTest {
    private static List<Line> rows(byte[] text) throws IOException {
        List<Line> rows = new ArrayList<>();
        new CsvRows(new ByteArrayInputStream(text)).forEachRemaining(rows::add);
        return rows;
    }

    private static List<Line> rows(String text) throws IOException {
        return rows(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Line line(int line, String... fields) {
        return new Line(line, List.of(fields), null);
    }

    @Test
    void fieldsMayHoldWhatParts() throws IOException {
        assertEquals(
                List.of(
                        line(1, "path", "text"),
                        line(2, "a,b", "says \"hi\""),
                        line(3, "two\r\nlines", "x"),
                        line(5, "", ""),
                        line(7, "he said \"no\"", "C:\\x\\"),
                        line(8, "last", "é")),
                rows("path,text\r\n\"a,b\",\"says \"\"hi\"\"\"\n\"two\r\nlines\", x\n,\n\n"
                        + "he said \"no\",C:\\x\\\nlast,é"));
        assertEquals(List.of(), rows(""));
        assertEquals(List.of(), rows("\n\r\n\n"));
        assertEquals(List.of(line(1, "a", "")), rows("a,"));
        assertEquals(List.of(line(1, "a", "b")), rows("a,b\r"));
    }

    @Test
    void anyMarkedEncodingIsRead() throws IOException {
        for (var charset : List.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
            assertEquals(
                    List.of(line(1, "path", "text"), line(2, "a.mp4", "ein Hündchen 🐕, braun")),
                    rows("\uFEFFpath,text\na.mp4,\"ein Hündchen 🐕, braun\"\n".getBytes(charset)));
        }
    }

    @Test
    void aRowThatIsNoneSaysWhy() throws IOException {
        List<Line> rows = rows("a,\"b\"c\nd,e\nf,\"g\nh,i\n");
        assertEquals("text follows the closing quote of a field", rows.get(0).problem());
        assertEquals(line(2, "d", "e"), rows.get(1));
        assertEquals(3, rows.size());
        assertEquals("a quoted field does not end", rows.get(2).problem());
        assertEquals(3, rows.get(2).line());
    }

    @Test
    void whatIsNoUtf8IsToldByItsByteWhereverTheFieldBegins() throws IOException {
        for (String row : List.of("a,b,%", "a,  b%", "a,\"b%\"", "a,  \"b%\",c", "%,b", "x\ny,\"1\n2\"\n%")) {
            int at = row.indexOf('%');
            List<Line> rows = rows(row.replace('%', '\u00e9').getBytes(StandardCharsets.ISO_8859_1));
            String problem = rows.get(rows.size() - 1).problem();
            assertTrue(
                    ("byte " + (at + 1) + " of the file, 0xe9, is no UTF-8. Save the file as UTF-8").equals(problem),
                    row + ": " + problem);
        }
    }
}
