// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.storage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Comma-separated values after RFC 4180, read one record at a time: fields in double quotes may hold commas, line ends
 * and doubled quotes. Blanks before a field do not belong to it. Empty lines are no records.
 */
public final class CsvRows implements Iterator<CsvRows.Line> {
    /**
     * One record.
     *
     * @param line the line it begins on, from 1
     * @param fields its fields
     * @param problem why it is no record, or null
     */
    public record Line(int line, List<String> fields, String problem) {}

    private static final int END = -1;

    private final TextFile.Input in;
    private final ByteArrayOutputStream field = new ByteArrayOutputStream();
    private List<String> fields = new ArrayList<>();
    private long fieldBegin;
    private int ahead;
    private int line = 1;
    private int begin = 1;
    private String problem;
    private Line next;

    /** Reads a text in any encoding of {@link TextFile}; the caller closes it. */
    public CsvRows(InputStream text) throws IOException {
        in = TextFile.input(text);
        ahead = in.read();
    }

    @Override
    public boolean hasNext() {
        try {
            while (next == null && ahead != END) {
                readRow();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return next != null;
    }

    @Override
    public Line next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Line row = next;
        next = null;
        return row;
    }

    private int take() throws IOException {
        int now = ahead;
        ahead = in.read();
        line += now == '\n' ? 1 : 0;
        return now;
    }

    private void readRow() throws IOException {
        begin = line;
        startField();
        while (ahead != END) {
            int c = take();
            if (c == '"' && field.size() == 0) {
                quoted();
            } else if (c == ',') {
                endField();
                startField();
            } else if (c == '\n') {
                break;
            } else if (c != '\r' || (ahead != '\n' && ahead != END)) {
                field.write(c);
            }
        }
        endField();
        if (fields.size() > 1 || !fields.get(0).isEmpty() || problem != null) {
            next = new Line(begin, fields, problem);
        }
        fields = new ArrayList<>();
        problem = null;
    }

    private void startField() throws IOException {
        while (ahead == ' ' || ahead == '\t') {
            take();
        }
        fieldBegin = in.position() - 1;
    }

    private void quoted() throws IOException {
        fieldBegin = in.position() - 1;
        while (ahead != END) {
            int c = take();
            if (c != '"') {
                field.write(c);
            } else if (ahead == '"') {
                field.write(take());
            } else {
                if (ahead != END && ",\r\n".indexOf(ahead) < 0) {
                    problem = "text follows the closing quote of a field";
                }
                return;
            }
        }
        problem = "a quoted field does not end";
    }

    private void endField() {
        TextFile.Decoded decoded = in.decode(field.toByteArray(), fieldBegin);
        fields.add(decoded.text());
        if (problem == null) {
            problem = decoded.problem();
        }
        field.reset();
    }
}
