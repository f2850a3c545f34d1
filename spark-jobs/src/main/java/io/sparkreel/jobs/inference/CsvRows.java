// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import java.util.ArrayList;
import java.util.List;

/** Comma-separated values after RFC 4180: fields in double quotes may hold commas, line ends and doubled quotes. */
final class CsvRows {
    /**
     * One record.
     *
     * @param line the line it begins on, from 1
     * @param fields its fields
     * @param problem why it is no record, or null
     */
    record Line(int line, List<String> fields, String problem) {}

    private final String text;
    private final List<Line> rows = new ArrayList<>();
    private final StringBuilder field = new StringBuilder();
    private List<String> fields = new ArrayList<>();
    private int at;
    private int line = 1;
    private int begin = 1;
    private String problem;

    private CsvRows(String text) {
        this.text = text;
    }

    /** All records; empty lines are none. */
    static List<Line> parse(String text) {
        CsvRows csv = new CsvRows(text);
        csv.run();
        return csv.rows;
    }

    private void run() {
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"' && field.isEmpty()) {
                quoted();
            } else if (c == ',') {
                endField();
            } else if (c == '\n') {
                endRow();
            } else if (c != '\r' || (at < text.length() && text.charAt(at) != '\n')) {
                field.append(c);
            }
        }
        if (!field.isEmpty() || !fields.isEmpty() || problem != null) {
            endRow();
        }
    }

    private void quoted() {
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c != '"') {
                line += c == '\n' ? 1 : 0;
                field.append(c);
            } else if (at < text.length() && text.charAt(at) == '"') {
                field.append('"');
                at++;
            } else {
                if (at < text.length() && ",\r\n".indexOf(text.charAt(at)) < 0) {
                    problem = "text follows the closing quote of a field";
                }
                return;
            }
        }
        problem = "a quoted field does not end";
    }

    private void endField() {
        fields.add(field.toString());
        field.setLength(0);
    }

    private void endRow() {
        endField();
        if (fields.size() > 1 || !fields.get(0).isEmpty() || problem != null) {
            rows.add(new Line(begin, fields, problem));
        }
        fields = new ArrayList<>();
        problem = null;
        line++;
        begin = line;
    }
}
