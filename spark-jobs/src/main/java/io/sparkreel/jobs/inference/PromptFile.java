// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.CsvRows;
import io.sparkreel.jobs.storage.Names;
import io.sparkreel.jobs.storage.ParquetRows;
import io.sparkreel.jobs.storage.TextFile;
import io.sparkreel.model.ForeignText;
import io.sparkreel.model.text.PromptSyntax;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * Reads the rows of a prompt file on any Hadoop file system: {@code .csv}, {@code .jsonl} (or {@code .json},
 * {@code .ndjson}) and {@code .parquet} are tables, anything else is a text with one prompt in a line. A folder stands
 * for the files in it, as Spark writes them.
 */
final class PromptFile {
    private static final ObjectReader JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(JsonNode.class);

    private final Configuration hadoop;
    private final String name;
    private final Path path;

    private PromptFile(Configuration hadoop, String name, Path path) {
        this.hadoop = hadoop;
        this.name = name;
        this.path = path;
    }

    /** @throws UserError if there is no such file, or it is no table of the kind its name says */
    static List<RawPrompt> read(Configuration hadoop, String name) throws IOException {
        try {
            Path path = Names.path(name);
            FileSystem files = path.getFileSystem(hadoop);
            if (!files.getFileStatus(path).isDirectory()) {
                return new PromptFile(hadoop, name, path).read();
            }
            List<RawPrompt> prompts = new ArrayList<>();
            for (Path part : Arrays.stream(files.listStatus(path))
                    .filter(FileStatus::isFile)
                    .map(FileStatus::getPath)
                    .filter(part ->
                            !part.getName().startsWith("_") && !part.getName().startsWith("."))
                    .sorted()
                    .toList()) {
                prompts.addAll(new PromptFile(hadoop, name + "/" + part.getName(), part).read());
            }
            return prompts;
        } catch (FileNotFoundException e) {
            throw new UserError(
                    "Cannot read prompts from " + ForeignText.shown(name)
                            + ": there is no such file. Check --prompt-path.",
                    e);
        } catch (IllegalArgumentException | UnsupportedFileSystemException e) {
            throw new UserError(
                    "Cannot read prompts from " + ForeignText.shown(name) + ": it is no path of a known file system, "
                            + e.getMessage() + ". Check --prompt-path.",
                    e);
        }
    }

    private List<RawPrompt> read() throws IOException {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.endsWith(".parquet")) {
            return parquet();
        } else if (lower.endsWith(".csv")) {
            return csv();
        } else if (lower.endsWith(".jsonl") || lower.endsWith(".json") || lower.endsWith(".ndjson")) {
            return jsonLines();
        }
        return text();
    }

    private InputStream open() throws IOException {
        return Names.plain(path.getFileSystem(hadoop)).open(path);
    }

    private String place(int line) {
        return name + ", line " + line;
    }

    private List<RawPrompt> text() throws IOException {
        List<RawPrompt> prompts = new ArrayList<>();
        TextFile.Decoded content;
        try (InputStream in = open()) {
            content = TextFile.read(in);
        }
        if (content.problem() != null) {
            throw new UserError("Cannot read prompts from " + ForeignText.shown(name) + ": " + content.problem() + ".");
        }
        for (String line : PromptSyntax.lines(content.text())) {
            prompts.add(RawPrompt.of(place(prompts.size() + 1), line));
        }
        return prompts;
    }

    private List<RawPrompt> jsonLines() throws IOException {
        List<RawPrompt> prompts = new ArrayList<>();
        int number = 0;
        List<TextFile.Decoded> lines = new ArrayList<>();
        try (InputStream in = open()) {
            TextFile.lines(in).forEachRemaining(lines::add);
        }
        for (TextFile.Decoded line : lines) {
            number++;
            if (line.problem() != null) {
                prompts.add(RawPrompt.unreadable(place(number), line.problem()));
                continue;
            }
            if (line.text().isBlank()) {
                continue;
            }
            try {
                JsonNode node = JSON.readTree(line.text());
                prompts.add(
                        node instanceof ObjectNode object
                                ? RawPrompt.of(place(number), object)
                                : RawPrompt.unreadable(place(number), "it is no JSON object"));
            } catch (JsonProcessingException e) {
                prompts.add(RawPrompt.unreadable(place(number), "it is no JSON, " + e.getOriginalMessage()));
            }
        }
        return prompts;
    }

    private List<RawPrompt> csv() throws IOException {
        List<CsvRows.Line> lines = new ArrayList<>();
        try (InputStream in = open()) {
            new CsvRows(in).forEachRemaining(lines::add);
        }
        if (lines.isEmpty()) {
            return List.of();
        }
        List<String> header = lines.get(0).fields().stream().map(String::strip).toList();
        requireColumns(name, header);
        List<RawPrompt> prompts = new ArrayList<>();
        for (CsvRows.Line line : lines.subList(1, lines.size())) {
            if (line.problem() != null) {
                prompts.add(RawPrompt.unreadable(place(line.line()), line.problem()));
            } else if (line.fields().size() != header.size()) {
                prompts.add(RawPrompt.unreadable(
                        place(line.line()), "it has " + line.fields().size() + " fields and not " + header.size()));
            } else {
                ObjectNode columns = JsonNodeFactory.instance.objectNode();
                for (int i = 0; i < header.size(); i++) {
                    String value = line.fields().get(i);
                    if (!value.isEmpty() || header.get(i).equals("prompt")) {
                        columns.put(header.get(i), value);
                    }
                }
                prompts.add(RawPrompt.of(place(line.line()), columns));
            }
        }
        return prompts;
    }

    /** @param name of the table, for refusals */
    static void requireColumns(String name, List<String> header) {
        if (!header.contains("prompt")) {
            throw new UserError(
                    "Cannot read prompts from " + ForeignText.shown(name) + ": there is no column 'prompt' among "
                            + ForeignText.shown(header.toString())
                            + ". Name the columns in the first row.");
        }
        header.stream()
                .filter(column -> !PromptTable.COLUMNS.contains(column))
                .findFirst()
                .ifPresent(column -> {
                    throw new UserError("Cannot read prompts from " + ForeignText.shown(name) + ": unknown column '"
                            + ForeignText.shown(column) + "'. Columns are "
                            + PromptTable.COLUMNS.stream().sorted().toList() + ".");
                });
    }

    private List<RawPrompt> parquet() throws IOException {
        List<RawPrompt> prompts = new ArrayList<>();
        try (ParquetReader<Group> reader = ParquetRows.reader(path, hadoop)) {
            for (Group row = reader.read(); row != null; row = reader.read()) {
                if (prompts.isEmpty()) {
                    requireColumns(
                            name,
                            row.getType().getFields().stream()
                                    .map(field -> field.getName())
                                    .toList());
                }
                prompts.add(RawPrompt.of(name + ", row " + (prompts.size() + 1), columns(row)));
            }
        } catch (RuntimeException e) {
            if (e instanceof UserError) {
                throw e;
            }
            throw new UserError(
                    "Cannot read prompts from " + ForeignText.shown(name) + ": it is no Parquet file, " + e.getMessage()
                            + ". Give a table as its name says.",
                    e);
        }
        return prompts;
    }

    private static ObjectNode columns(Group row) {
        ObjectNode columns = JsonNodeFactory.instance.objectNode();
        GroupType type = row.getType();
        for (int field = 0; field < type.getFieldCount(); field++) {
            if (row.getFieldRepetitionCount(field) > 0) {
                columns.set(type.getFieldName(field), value(row, field, 0));
            }
        }
        return columns;
    }

    private static JsonNode value(Group row, int field, int index) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        if (row.getFieldRepetitionCount(field) <= index) {
            return nodes.nullNode();
        }
        if (!row.getType().getType(field).isPrimitive()) {
            return list(row.getGroup(field, index));
        }
        PrimitiveTypeName type = row.getType().getType(field).asPrimitiveType().getPrimitiveTypeName();
        return switch (type) {
            case INT32 -> nodes.numberNode(row.getInteger(field, index));
            case INT64 -> nodes.numberNode(row.getLong(field, index));
            case DOUBLE -> nodes.numberNode(row.getDouble(field, index));
            case FLOAT -> nodes.numberNode(row.getFloat(field, index));
            case BOOLEAN -> nodes.booleanNode(row.getBoolean(field, index));
            default -> nodes.textNode(row.getString(field, index));
        };
    }

    /** A list in Parquet is a group with one repeated group of one element, or an older form with repeated elements. */
    private static ArrayNode list(Group group) {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        boolean wrapped = !group.getType().getType(0).isPrimitive();
        for (int i = 0; i < group.getFieldRepetitionCount(0); i++) {
            Group holder = wrapped ? group.getGroup(0, i) : group;
            list.add(value(holder, 0, wrapped ? 0 : i));
        }
        return list;
    }
}
