// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.checkpoint.Storage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** The file {@code log.jsonl} of a run: a line of JSON for each thing that happened, each step once. */
public final class LogFile {
    public static final String NAME = "log.jsonl";

    private static final Logger LOG = LogManager.getLogger(LogFile.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Storage run;
    private final Optional<Path> local;
    /** All lines, where the storage cannot append and the file is written as a whole. */
    private final StringBuilder whole = new StringBuilder();

    /** Goes on with the file of the run folder if there is one. */
    LogFile(Storage run) throws IOException {
        this.run = run;
        local = run.localPath(NAME);
        if (local.isPresent()) {
            Files.createDirectories(local.get().getParent());
        } else if (run.exists(NAME)) {
            try (var in = run.open(NAME)) {
                whole.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
    }

    /** The lines so far, without those that a kill has left broken. */
    List<JsonNode> lines() throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : text().lines().toList()) {
            try {
                lines.add(JSON.readTree(line));
            } catch (JsonProcessingException e) {
                LOG.warn("A line of {} is broken, as a kill may leave it: {}", NAME, line);
            }
        }
        return lines;
    }

    private String text() throws IOException {
        if (local.isEmpty()) {
            return whole.toString();
        }
        return Files.exists(local.get()) ? Files.readString(local.get()) : "";
    }

    void append(String line) throws IOException {
        if (local.isPresent()) {
            Files.writeString(local.get(), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } else {
            whole.append(line).append('\n');
        }
    }

    /**
     * Goes back to a checkpoint. Lines of later steps are dropped, since those are taken again; what was not
     * heard of earlier ones is added.
     *
     * @param step of the checkpoint, 0 for the beginning
     * @param lines the log lines that the checkpoint holds
     * @return what was added; these are now the last lines
     */
    List<JsonNode> rewind(long step, List<JsonNode> lines) throws IOException {
        List<JsonNode> kept = new ArrayList<>();
        List<JsonNode> added = new ArrayList<>();
        Set<String> known = new HashSet<>();
        for (JsonNode line : lines()) {
            if (line.path("step").asLong() <= step) {
                kept.add(line);
                known.add(key(line));
            }
        }
        for (JsonNode line : lines) {
            if (line.path("step").asLong() <= step && known.add(key(line))) {
                added.add(line);
            }
        }
        kept.addAll(added);
        StringBuilder text = new StringBuilder();
        for (JsonNode line : kept) {
            text.append(JSON.writeValueAsString(line)).append('\n');
        }
        if (local.isEmpty()) {
            whole.setLength(0);
            whole.append(text);
        } else if (text.length() > 0 || Files.exists(local.get())) {
            Path next = local.get().resolveSibling("." + NAME + ".next");
            try {
                Files.writeString(next, text);
                Files.move(next, local.get(), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(next);
            }
        }
        return added;
    }

    private static String key(JsonNode line) {
        return line.path("event").asText() + " " + line.path("step").asLong();
    }

    /** Object stores cannot append: there the file is written now. */
    void flush() throws IOException {
        if (whole.length() > 0) {
            try (OutputStream out = run.create(NAME)) {
                out.write(whole.toString().getBytes(StandardCharsets.UTF_8));
            }
        }
    }
}
