// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The page of a run: curves, samples, buckets, what happened and the configuration. It is one file that loads nothing
 * from elsewhere; the samples lie beside it. All text of a run reaches the page as JSON, and is text there.
 */
final class RunPage {
    private static final String TEMPLATE = "run-page.html";
    private static final String PLACE = "{{data}}";
    private static final int EVENTS_SHOWN = 300;
    private static final int SAMPLINGS_SHOWN = 24;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String title;
    private final String configuration;
    private final String report;
    private final Map<String, Curve> curves = new TreeMap<>();
    private final TreeMap<Long, ArrayNode> samples = new TreeMap<>(Comparator.reverseOrder());
    private final List<ObjectNode> events = new ArrayList<>();
    private JsonNode newest = JSON.createObjectNode();
    private String state = "running";

    /**
     * @param configuration as YAML
     * @param report address of the report of the bucketing folder, whose rows the buckets lead to
     */
    RunPage(String title, String configuration, String report) {
        this.title = title;
        this.configuration = configuration;
        this.report = report;
    }

    /** Takes in a line of the log. */
    void add(JsonNode line) {
        long step = line.path("step").asLong();
        Scalars.of(line)
                .forEach((name, value) ->
                        curves.computeIfAbsent(name, any -> new Curve()).add(step, value));
        switch (line.path("event").asText()) {
            case "step" -> newest = line;
            case "samples" -> samples.put(step, (ArrayNode) line.withArray("clips"));
            case "checkpoint" ->
                happened(line, "checkpoint " + line.path("folder").asText());
            case "end" -> {
                state = "finished";
                happened(line, line.path("message").asText());
            }
            default -> {
                if (line.has("message")) {
                    happened(line, line.path("message").asText());
                }
            }
        }
    }

    /** The run will say nothing more; if it has not said that it ended well, it did not. */
    void close() {
        if (state.equals("running")) {
            state = "ended early";
        }
    }

    /** The run continues: an end that was logged was not the last. */
    void open() {
        state = "running";
    }

    private void happened(JsonNode line, String what) {
        events.add(JSON.createObjectNode()
                .put("event", line.path("event").asText())
                .put("time", line.path("time").asText())
                .put("message", what));
        if (events.size() > EVENTS_SHOWN) {
            events.remove(0);
        }
    }

    /** @param costs sums by bucket, as {@link BucketCosts} writes them */
    String html(JsonNode costs) {
        ObjectNode data = JSON.createObjectNode()
                .put("title", title)
                .put("state", state)
                .put("written", Instant.now().toString())
                .put("step", newest.path("step").asLong())
                .put("total", newest.path("total_steps").asLong())
                .put("epoch", newest.path("epoch").asInt())
                .put("ranks", newest.path("ranks").asInt())
                .put("config", configuration)
                .put("report", report);
        ObjectNode points = data.putObject("curves");
        curves.forEach((name, curve) -> curve.writeTo(points.putArray(name)));
        ArrayNode samplings = data.putArray("samples");
        samples.entrySet().stream()
                .limit(SAMPLINGS_SHOWN)
                .forEach(
                        step -> samplings.addObject().put("step", step.getKey()).set("clips", step.getValue()));
        data.putArray("events").addAll(events);
        data.set("costs", costs);
        // Whatever a caption or a path holds, it must not end the element it stands in.
        return template().replace(PLACE, data.toString().replace("<", "\\u003c"));
    }

    private static String template() {
        try (InputStream in = RunPage.class.getResourceAsStream(TEMPLATE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
