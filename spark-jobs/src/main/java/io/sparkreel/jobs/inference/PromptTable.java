// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.UserError;
import io.sparkreel.jobs.config.InferenceConfig;
import io.sparkreel.model.text.PromptSyntax;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The prompts of a run: texts of the configuration, a text file with one in a line, or a table of JSON lines whose
 * rows may name their own {@code sample_name}, {@code num_sample}, {@code num_frames}, {@code image_size},
 * {@code fps} and {@code seed}.
 */
final class PromptTable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> COLUMNS =
            Set.of("prompt", "sample_name", "num_sample", "num_frames", "image_size", "fps", "seed");

    private final InferenceConfig config;

    private PromptTable(InferenceConfig config) {
        this.config = config;
    }

    /**
     * Reads the prompts that {@code start_index} and {@code end_index} leave.
     *
     * @throws UserError if there are none, or a row is wrong; it names the row
     */
    static List<PromptRow> read(InferenceConfig config, Configuration hadoop) throws IOException {
        PromptTable table = new PromptTable(config);
        List<PromptRow> rows = table.all(hadoop);
        int begin = config.prompts().startIndex() == null ? 0 : Math.min(config.prompts().startIndex(), rows.size());
        int end = config.prompts().endIndex() == null ? rows.size() : Math.min(config.prompts().endIndex(), rows.size());
        List<PromptRow> chosen = rows.subList(begin, Math.max(begin, end));
        if (chosen.isEmpty()) {
            throw new UserError("Cannot generate: there is no prompt. Give --prompt TEXT, or --prompt-path FILE with "
                    + "prompts between start_index and end_index.");
        }
        return chosen;
    }

    private List<PromptRow> all(Configuration hadoop) throws IOException {
        List<PromptRow> rows = new ArrayList<>();
        if (config.prompts().prompt() != null) {
            config.prompts().prompt().forEach(text -> rows.add(row(rows.size(), text)));
            return rows;
        }
        String path = config.prompts().promptPath();
        if (path == null) {
            return rows;
        }
        String content = content(hadoop, path);
        String name = path.toLowerCase(Locale.ROOT);
        if (!name.endsWith(".jsonl") && !name.endsWith(".json")) {
            PromptSyntax.lines(content).forEach(text -> rows.add(row(rows.size(), text)));
            return rows;
        }
        int number = 0;
        for (String line : content.lines().toList()) {
            number++;
            if (!line.isBlank()) {
                rows.add(row(rows.size(), line, path + ", line " + number));
            }
        }
        return rows;
    }

    private static String content(Configuration hadoop, String path) throws IOException {
        Path file = new Path(path);
        try (InputStream in = file.getFileSystem(hadoop).open(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (FileNotFoundException e) {
            throw new UserError("Cannot read prompts from " + path + ": there is no such file. Check --prompt-path.", e);
        }
    }

    private PromptRow row(int id, String text) {
        return new PromptRow(id, text, name(id, text, null), config.output().numSample(), config.video().numFrames(),
                config.video().imageSize().height(), config.video().imageSize().width(), config.video().fps(),
                config.seed());
    }

    private PromptRow row(int id, String line, String place) {
        JsonNode node;
        try {
            node = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw wrong(place, "it is no JSON, " + e.getOriginalMessage(), "Write one object in each line");
        }
        if (!node.path("prompt").isTextual()) {
            throw wrong(place, "it has no text 'prompt'", "Add \"prompt\": \"...\"");
        }
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (!COLUMNS.contains(field.getKey())) {
                throw wrong(place, "unknown column '" + field.getKey() + "'", "Columns are " + COLUMNS.stream().sorted().toList());
            }
        }
        String text = node.get("prompt").textValue();
        JsonNode size = node.get("image_size");
        if (size != null && (size.size() != 2 || !isCount(size.get(0)) || !isCount(size.get(1)))) {
            throw wrong(place, "image_size is " + size, "Give [height, width] in pixels");
        }
        return new PromptRow(id, text, name(id, text, node.path("sample_name").textValue()),
                count(node, "num_sample", config.output().numSample(), place),
                count(node, "num_frames", config.video().numFrames(), place),
                size == null ? config.video().imageSize().height() : size.get(0).intValue(),
                size == null ? config.video().imageSize().width() : size.get(1).intValue(),
                count(node, "fps", config.video().fps(), place),
                node.has("seed") ? node.get("seed").asLong() : config.seed());
    }

    private static int count(JsonNode node, String key, int otherwise, String place) {
        JsonNode value = node.get(key);
        if (value == null) {
            return otherwise;
        }
        if (!isCount(value)) {
            throw wrong(place, key + " is " + value, "Give a whole number of at least 1");
        }
        return value.intValue();
    }

    private static boolean isCount(JsonNode value) {
        return value.isInt() && value.intValue() >= 1;
    }

    private static UserError wrong(String place, String found, String advice) {
        return new UserError("Cannot read the prompt at " + place + ": " + found + ". " + advice + ".");
    }

    /** The reference's naming; a name of the table's own replaces it, as far as it is one of a file. */
    private String name(int id, String text, String own) {
        if (own != null) {
            return FileNames.safe(own);
        }
        if (config.output().promptAsPath()) {
            return FileNames.safe(text);
        }
        return (config.output().sampleName() == null ? "sample" : FileNames.safe(config.output().sampleName())) + "_" + id;
    }
}
