// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.error.UserError;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Reads the configuration of a job from YAML. Unknown keys, wrong types and impossible values are refused with the
 * file or flag, the key, the value and what would be valid.
 */
public final class ConfigLoader {
    private ConfigLoader() {}

    /**
     * @param type record of the whole configuration
     * @param overrides values of the command line, applied in order
     * @throws UserError when file or values are refused
     */
    public static <T extends Record> LoadedConfig<T> load(Class<T> type, Path file, List<ConfigOverride> overrides) {
        if (!Files.exists(file)) {
            throw new UserError("Cannot read " + file + ": there is no such file. Give --config the path of a"
                    + " configuration, such as those under conf/.");
        }
        try {
            return parse(type, file.toString(), Files.readString(file), overrides);
        } catch (CharacterCodingException e) {
            throw new UserError("Cannot read " + file + ": it is not UTF-8 text. Save it as UTF-8.", e);
        } catch (IOException e) {
            throw new UserError(
                    "Cannot read " + file + ": " + (Files.isDirectory(file) ? "it is a folder" : e.getMessage())
                            + ". Give --config a readable YAML file.",
                    e);
        }
    }

    /**
     * Reads a configuration from text.
     *
     * @param source what the text is called in errors
     * @throws UserError when the values are refused
     */
    public static <T extends Record> LoadedConfig<T> parse(
            Class<T> type, String source, String text, List<ConfigOverride> overrides) {
        JsonNode parsed = Yaml.parse(source, text);
        if (!parsed.isObject() && !parsed.isNull()) {
            throw new UserError("Cannot read " + source + ": it holds " + Sources.show(parsed)
                    + ", not keys and values. Write lines of the form 'key: value'.");
        }
        ObjectNode tree = parsed instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
        Sources sources = new Sources(source, tree, overrides);
        overrides.forEach(override -> override.apply(tree));
        List<String> notices = Notices.take(type, tree);
        return new LoadedConfig<>(new SectionReader(type, sources).readRoot(type, tree), notices, sources);
    }

    /**
     * A configuration from keys and values.
     *
     * @param values by key, nested keys with dots; a value is a text, a number, a boolean, null, or a list or map of such
     * @throws UserError when the values are refused
     */
    public static <T extends Record> LoadedConfig<T> of(Class<T> type, Map<String, ?> values) {
        return parse(type, "the settings", "", overrides(values));
    }

    /** Keys and values as what changes a configuration. */
    public static List<ConfigOverride> overrides(Map<String, ?> values) {
        return values.entrySet().stream()
                .map(entry -> ConfigOverride.value(entry.getKey(), entry.getValue()))
                .toList();
    }

    /** The dotted paths of all valid keys of a configuration. */
    public static List<String> keys(Class<? extends Record> type) {
        return List.copyOf(Schema.paths(type, ""));
    }

    /** A configuration as YAML that reads back to an equal one. */
    public static String print(Record config) {
        return Yaml.print(SectionWriter.write(config));
    }
}
