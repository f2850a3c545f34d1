// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inventory.MediaInput.Format;
import io.sparkreel.jobs.storage.CsvRows;
import io.sparkreel.jobs.storage.Names;
import io.sparkreel.jobs.storage.TextFile;
import io.sparkreel.model.ForeignText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The rows of a table of text, in order. Captions may hold line breaks, so that only a reader of the whole file finds
 * where a row ends. A row that does not have the form of its table keeps its place, and says why.
 */
final class TextRows implements FlatMapFunction<String, Row> {
    private static final long serialVersionUID = 1L;
    /** Data frames are written with NaN where there is nothing. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private static final List<String> TEXTS = List.of(MetadataTable.PATH, MetadataTable.TEXT, MetadataTable.CAPTION);

    private final Broadcast<SerializableConfiguration> configuration;
    private final Format format;
    private final List<String> columns;

    /** @param columns of the rows, of which {@link MetadataTable#BROKEN} tells why a row is none */
    TextRows(Broadcast<SerializableConfiguration> configuration, Format format, List<String> columns) {
        this.configuration = configuration;
        this.format = format;
        this.columns = columns;
    }

    /**
     * The first row of a file with comma-separated values.
     *
     * @throws UserError if there is none, or it is no text
     */
    static List<String> header(Configuration hadoop, String file) throws IOException {
        try (InputStream in = open(hadoop, file)) {
            CsvRows rows = new CsvRows(in);
            if (!rows.hasNext()) {
                throw new UserError("Cannot read " + file + ": it is empty. Give a table with a row of column names.");
            }
            CsvRows.Line first = rows.next();
            if (first.problem() != null) {
                throw new UserError("Cannot read " + file + ": in its first row, " + first.problem() + ".");
            }
            List<String> names = first.fields().stream().map(String::strip).toList();
            names.stream()
                    .filter(name -> names.indexOf(name) != names.lastIndexOf(name) && !name.isEmpty())
                    .findFirst()
                    .ifPresent(name -> {
                        throw new UserError("Cannot read " + file + ": it has two columns '" + ForeignText.shown(name)
                                + "'. Name each column once.");
                    });
            return names;
        }
    }

    private static InputStream open(Configuration hadoop, String file) throws IOException {
        Path path = new Path(file);
        return Names.plain(path.getFileSystem(hadoop)).open(path);
    }

    @Override
    public Iterator<Row> call(String file) throws IOException {
        InputStream in = open(configuration.value().value(), file);
        TaskContext.get().addTaskCompletionListener(context -> {
            try {
                in.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return format == Format.CSV ? ofCsv(in) : ofJson(in);
    }

    private Iterator<Row> ofCsv(InputStream in) throws IOException {
        CsvRows rows = new CsvRows(in);
        List<String> names = rows.next().fields().stream().map(String::strip).toList();
        return stream(rows).map(line -> row(names, line)).iterator();
    }

    private static <T> Stream<T> stream(Iterator<T> items) {
        Iterable<T> iterable = () -> items;
        return StreamSupport.stream(iterable.spliterator(), false);
    }

    private Row row(List<String> names, CsvRows.Line line) {
        Object[] values = new Object[columns.size()];
        String problem = line.problem();
        if (problem == null && line.fields().size() != names.size()) {
            problem = line.fields().size() + " fields, " + names.size() + " columns; put texts with commas in quotes";
        }
        for (int i = 0; i < Math.min(names.size(), line.fields().size()); i++) {
            String value = line.fields().get(i);
            set(values, names.get(i), value.isEmpty() ? null : value, names.contains(MetadataTable.TEXT));
        }
        values[columns.indexOf(MetadataTable.BROKEN)] = problem == null ? null : "line " + line.line() + ": " + problem;
        return RowFactory.create(values);
    }

    private void set(Object[] values, String name, String value, boolean hasText) {
        String column = name.equals(MetadataTable.CAPTION) && !hasText ? MetadataTable.TEXT : name;
        int index = columns.indexOf(column);
        if (index >= 0 && !column.equals(MetadataTable.BROKEN)) {
            values[index] = value;
        }
    }

    private Iterator<Row> ofJson(InputStream in) throws IOException {
        Iterator<TextFile.Decoded> lines = TextFile.lines(in);
        return stream(lines)
                .filter(line -> line.problem() != null || !line.text().isBlank())
                .map(this::row)
                .iterator();
    }

    private Row row(TextFile.Decoded line) {
        Object[] values = new Object[columns.size()];
        String problem = line.problem();
        if (problem == null) {
            problem = readJson(line.text(), values);
        }
        values[columns.indexOf(MetadataTable.BROKEN)] = problem;
        return RowFactory.create(values);
    }

    /** Fills in the values; returns why they are none, or null. */
    private String readJson(String line, Object[] values) {
        try {
            JsonNode json = line.stripLeading().startsWith("[") ? MissingNode.getInstance() : JSON.readTree(line);
            if (!json.isObject()) {
                return "it is no JSON object; the table has one object in each line";
            }
            for (String name : (Iterable<String>) json::fieldNames) {
                JsonNode value = json.get(name);
                boolean known = columns.contains(name) || name.equals(MetadataTable.CAPTION);
                boolean nothing = value.isNull() || (value.isDouble() && Double.isNaN(value.doubleValue()));
                boolean wrong = TEXTS.contains(name) ? !value.isTextual() : value.isContainerNode();
                if (known && wrong && !nothing) {
                    return "column " + name + " holds " + ForeignText.shown(value.toString()) + " and no "
                            + (TEXTS.contains(name) ? "text" : "single value");
                }
                set(values, name, nothing ? null : value.asText(), json.has(MetadataTable.TEXT));
            }
            return null;
        } catch (JsonProcessingException e) {
            return "it is no JSON: "
                    + e.getOriginalMessage().lines().findFirst().orElse("") + "; the table has one object in each line";
        }
    }
}
