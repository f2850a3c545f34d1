// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.config.ImageSize;
import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.ForeignText;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.generate.Carry;
import io.sparkreel.model.generate.MaskStrategy;
import io.sparkreel.model.text.PromptSyntax;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;

/**
 * The prompts of a run: texts of the configuration or rows of a file. A row may have its own values in the
 * {@linkplain #COLUMNS columns}; an object at the end of a prompt wins over them, and what a row lacks comes from
 * the configuration.
 */
final class PromptTable {
    /** All that a row may say. */
    static final Set<String> COLUMNS = Set.of(
            "prompt",
            "sample_name",
            "num_sample",
            "num_frames",
            "image_size",
            "fps",
            "seed",
            "loop",
            "condition_frame_length",
            "reference_path",
            "mask_strategy");

    private static final Pattern SIZE = Pattern.compile("\\[?\\s*(\\d{1,5})\\s*[,x ]\\s*(\\d{1,5})\\s*]?");
    private static final int COLOURS = 3;
    /** A slip of the pen in a row must not keep the driver counting. */
    private static final int MOST_SAMPLES = 10_000;

    private static final int MOST_LOOPS = 10_000;
    /** Half a character, which no file and no name can hold. */
    private static final Pattern LONE_SURROGATE = Pattern.compile("\\p{Cs}");

    private final InferenceConfig config;
    private final ReferencePolicy references;
    private final MaskStrategy.Dialect dialect;
    private final CodecGeometry codec;
    private final PromptChecks checks;
    private final boolean trusted;
    private final Map<String, String> names = new HashMap<>();

    private PromptTable(InferenceConfig config, Configuration hadoop, CodecGeometry codec) {
        this.config = config;
        references = new ReferencePolicy(config.conditioning(), hadoop);
        dialect = config.conditioning().maskStrategyDialect();
        this.codec = codec;
        checks = new PromptChecks(codec);
        trusted = config.prompts().prompt() != null;
    }

    /**
     * All prompts that a run has.
     *
     * @param rows those that can be generated
     * @param bad those that cannot
     */
    record Prompts(List<PromptRow> rows, List<BadPrompt> bad) {}

    /**
     * Reads the prompts that {@code start_index} and {@code end_index} leave.
     *
     * @param codec which sizes and lengths can be generated
     * @throws UserError if there are none, or the file as a whole cannot be used; a wrong row is no reason
     */
    static Prompts read(InferenceConfig config, Configuration hadoop, CodecGeometry codec) throws IOException {
        return of(config, hadoop, codec, raw(config, hadoop));
    }

    /** As {@link #read}, over prompts that were read already. */
    static Prompts of(InferenceConfig config, Configuration hadoop, CodecGeometry codec, List<RawPrompt> all) {
        PromptTable table = new PromptTable(config, hadoop, codec);
        table.requireListsFor(all.size());
        int begin = config.prompts().startIndex() == null
                ? 0
                : Math.min(config.prompts().startIndex(), all.size());
        int end = config.prompts().endIndex() == null
                ? all.size()
                : Math.min(config.prompts().endIndex(), all.size());
        if (begin >= end) {
            throw new UserError("Cannot generate: there is no prompt. Give --prompt TEXT, or --prompt-path FILE with "
                    + "prompts between start_index and end_index.");
        }
        List<PromptRow> rows = new ArrayList<>();
        List<BadPrompt> bad = new ArrayList<>();
        for (int id = begin; id < end; id++) {
            RawPrompt prompt = all.get(id);
            try {
                PromptRow row = table.row(id, prompt);
                table.claimNames(row);
                rows.add(row);
            } catch (UserError | InvalidInputException | io.sparkreel.bucketing.InvalidInputException e) {
                String text = prompt.columns() == null
                        ? ""
                        : prompt.columns().path("prompt").asText("");
                bad.add(new BadPrompt(id, text, ForeignText.line(prompt.place() + ": " + e.getMessage())));
            }
        }
        return new Prompts(rows, bad);
    }

    private static List<RawPrompt> raw(InferenceConfig config, Configuration hadoop) throws IOException {
        if (config.prompts().prompt() == null) {
            String path = config.prompts().promptPath();
            return path == null ? List.of() : PromptFile.read(hadoop, path);
        }
        List<RawPrompt> prompts = new ArrayList<>();
        for (String text : config.prompts().prompt()) {
            prompts.add(RawPrompt.of("prompt " + prompts.size(), text == null ? "" : text));
        }
        return prompts;
    }

    private void requireListsFor(int count) {
        requireLength("reference_path", config.conditioning().referencePath(), count);
        requireLength("mask_strategy", config.conditioning().maskStrategy(), count);
    }

    private static void requireLength(String key, List<String> list, int count) {
        if (list != null && list.size() != count) {
            throw new UserError("Cannot generate: " + key + " has " + list.size() + " entries for " + count
                    + " prompts. Give one for each prompt, null where it has none.");
        }
    }

    private PromptRow row(int id, RawPrompt prompt) {
        if (prompt.problem() != null) {
            throw wrong(prompt.problem(), "Write one object in each line, or a value for each column");
        }
        ObjectNode columns = prompt.columns();
        for (Iterator<String> keys = columns.fieldNames(); keys.hasNext(); ) {
            String key = keys.next();
            if (!COLUMNS.contains(key)) {
                throw wrong(
                        "unknown column '" + ForeignText.shown(key) + "'",
                        "Columns are " + COLUMNS.stream().sorted().toList());
            }
        }
        String text = text(columns, "prompt");
        if (text == null) {
            throw wrong("it has no 'prompt'", "Add \"prompt\": \"...\"");
        }
        PromptSyntax syntax = PromptSyntax.parse(text);
        PromptRow.Shape shape = shape(columns);
        String strategy = syntax.maskStrategy()
                .orElseGet(() -> columns.hasNonNull("mask_strategy")
                        ? text(columns, "mask_strategy")
                        : entry(config.conditioning().maskStrategy(), id));
        List<String> references = references(id, syntax, columns);
        PromptChecks.requireReferences(
                MaskStrategy.parse(strategy, dialect),
                shape.loops(),
                codec.latentFrames(shape.numFrames()),
                references.size());
        checks.requireSize(shape, config.output().videoFormat());
        return new PromptRow(
                id,
                prompt.place(),
                text,
                syntax.texts(shape.loops()),
                name(id, syntax.text(), columns),
                samples(columns),
                shape,
                seed(columns),
                references,
                strategy,
                config.output().videoFormat());
    }

    private int samples(ObjectNode columns) {
        int samples = count(columns, "num_sample", config.output().numSample());
        if (samples > MOST_SAMPLES) {
            throw wrong("num_sample is " + samples, "Give at most " + MOST_SAMPLES);
        }
        return samples;
    }

    private List<String> references(int id, PromptSyntax syntax, ObjectNode columns) {
        if (syntax.referencePath().isPresent()) {
            return references.resolve(syntax.referencePath().get(), trusted);
        }
        return columns.hasNonNull("reference_path")
                ? references.resolve(paths(columns.get("reference_path")), trusted)
                : references.resolve(entry(config.conditioning().referencePath(), id), true);
    }

    /** Tables that know lists may have one here. */
    private static String paths(JsonNode value) {
        if (value.isTextual()) {
            return value.textValue();
        }
        List<String> paths = new ArrayList<>();
        value.forEach(path -> paths.add(path.textValue()));
        if (!value.isArray() || paths.contains(null)) {
            throw wrong("reference_path is " + shown(value), "Give paths, separated by semicolons");
        }
        return paths.isEmpty() ? null : String.join(";", paths);
    }

    private static String entry(List<String> list, int id) {
        return list == null ? null : list.get(id);
    }

    private PromptRow.Shape shape(ObjectNode columns) {
        ImageSize size = size(columns);
        int frames = count(columns, "num_frames", config.video().numFrames());
        int fps = count(columns, "fps", config.video().fps());
        int loops = count(columns, "loop", config.conditioning().loop());
        Integer carried = config.conditioning().conditionFrameLength();
        int carry = count(columns, "condition_frame_length", carried == null ? 0 : carried);
        if (!codec.isLegal(frames)) {
            throw wrong(
                    "num_frames is " + frames + ", a length that the vae does not take",
                    "Give " + codec.nearestFrames(frames));
        }
        if (loops > 1) {
            requireJoined(frames, loops, carry);
        }
        if (fps < config.video().frameInterval()) {
            throw wrong(
                    "fps is " + fps,
                    "Give at least frame_interval, which is " + config.video().frameInterval());
        }
        if ((double) size.height() * size.width() * frames * COLOURS > Integer.MAX_VALUE
                || loops > MOST_LOOPS
                || (double) loops * frames > Integer.MAX_VALUE) {
            throw wrong(
                    frames + " frames of " + size.height() + "x" + size.width() + " in " + loops
                            + " loops are too many",
                    "Give fewer frames, and more loops for a long video");
        }
        return new PromptRow.Shape(frames, size.height(), size.width(), fps, loops, loops > 1 ? carry : 0);
    }

    /** @param carry latent frames that begin the next loop */
    private void requireJoined(int frames, int loops, int carry) {
        int latentFrames = codec.latentFrames(frames);
        if (carry < 1 || carry >= latentFrames) {
            boolean same = latentFrames == frames;
            throw wrong(
                    "condition_frame_length is " + carry + " for " + loops + " loops of " + latentFrames
                            + (same ? " frames" : " latent frames"),
                    "Give 1 or more and less than " + (same ? "num_frames" : latentFrames));
        }
        if (codec.pieceFrames() == CodecGeometry.WHOLE_CLIP
                && config.conditioning().carry() == Carry.LATENTS) {
            throw wrong(
                    "carry is latents, and the last latent frames of one loop cannot begin the next one: the first"
                            + " latent frame of this vae holds one frame, the others more",
                    "Set carry: decoded");
        }
    }

    private ImageSize size(ObjectNode columns) {
        JsonNode value = columns.get("image_size");
        if (value == null || value.isNull()) {
            return config.video().size();
        }
        Matcher text = SIZE.matcher(value.isTextual() ? value.textValue().strip() : "");
        if (text.matches()) {
            return size(value, Integer.parseInt(text.group(1)), Integer.parseInt(text.group(2)));
        }
        if (!value.isArray()
                || value.size() != 2
                || !value.get(0).canConvertToExactIntegral()
                || !value.get(1).canConvertToExactIntegral()) {
            throw wrong("image_size is " + shown(value), "Give [height, width] in pixels");
        }
        return size(value, value.get(0).asInt(), value.get(1).asInt());
    }

    private static ImageSize size(JsonNode value, int height, int width) {
        if (height < 1 || width < 1) {
            throw wrong("image_size is " + shown(value), "Give [height, width] in pixels");
        }
        return new ImageSize(height, width);
    }

    private long seed(ObjectNode columns) {
        JsonNode value = number(columns, "seed");
        if (value == null) {
            return config.seed();
        }
        Long seed = whole(value);
        if (seed == null) {
            throw wrong("seed is " + shown(value), "Give a whole number");
        }
        return seed;
    }

    private static int count(ObjectNode columns, String key, int otherwise) {
        JsonNode value = number(columns, key);
        if (value == null) {
            return otherwise;
        }
        Long number = whole(value);
        if (number == null || number < 1 || number > Integer.MAX_VALUE) {
            throw wrong(key + " is " + shown(value), "Give a whole number of at least 1");
        }
        return number.intValue();
    }

    /** What a row says, or null. Data frames without nullable integers have NaN where a row says nothing. */
    private static JsonNode number(ObjectNode columns, String key) {
        JsonNode value = columns.get(key);
        return value == null || value.isNull() || value.asText().equals("NaN") ? null : value;
    }

    /**
     * A whole number, written as such or, where the file knows no types, as text; else null. Data frames make 16.0 of
     * 16 in a column where some rows have none.
     */
    private static Long whole(JsonNode value) {
        try {
            if (value.isTextual()) {
                return new BigDecimal(value.textValue().strip()).longValueExact();
            }
            return value.isNumber() ? (Long) value.decimalValue().longValueExact() : null;
        } catch (ArithmeticException | NumberFormatException e) {
            return null;
        }
    }

    private static String text(ObjectNode columns, String key) {
        JsonNode value = columns.get(key);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isTextual()) {
            throw wrong(key + " is " + shown(value), "Give a text");
        }
        return LONE_SURROGATE.matcher(value.textValue()).replaceAll("\uFFFD");
    }

    private static String shown(JsonNode value) {
        String text = value.toString();
        return text.length() > 80 ? text.substring(0, 80) + "..." : text;
    }

    /**
     * The reference's naming; a name of the row's own replaces it, as far as it is one of a file.
     *
     * @param text the prompt without an object at its end
     */
    private String name(int id, String text, ObjectNode columns) {
        String own = text(columns, "sample_name");
        if (own != null) {
            return FileNames.safe(own);
        }
        String base = config.output().sampleName();
        if (config.output().promptAsPath()) {
            return FileNames.safe(base == null ? text : base + text);
        }
        return (base == null ? "sample" : FileNames.safe(base)) + "_" + id;
    }

    /** Two rows that write the same files would leave the work of one of them. */
    private void claimNames(PromptRow row) {
        for (int sample = 0; sample < row.samples(); sample++) {
            String owner = names.get(row.fileName(sample));
            if (owner != null) {
                throw wrong(
                        "its clip " + row.fileName(sample) + " is that of " + owner,
                        "Give it a sample_name of its own");
            }
        }
        for (int sample = 0; sample < row.samples(); sample++) {
            names.put(row.fileName(sample), row.place());
        }
    }

    private static UserError wrong(String found, String advice) {
        return new UserError("Cannot use this prompt: " + found + ". " + advice + ".");
    }
}
