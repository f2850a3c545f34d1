// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.metrics.BucketTotals;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the micro-batches of each bucket have cost in this run: {@code costs.json} in the run folder, bucket to
 * {@code micro_batches}, {@code samples} and {@code seconds} of their forward and backward passes. The first step of an
 * attempt, in which much happens for the first time, does not count.
 */
final class BucketCosts {
    /** Name of the file in the run folder. */
    static final String NAME = "costs.json";

    private final Map<String, BucketTotals> buckets = new TreeMap<>();

    /** Takes in a line of the log. */
    void add(JsonNode line) {
        if (line.path("event").asText().equals("step") && !line.path("warm_up").asBoolean()) {
            line.path("buckets").properties().forEach(bucket -> {
                JsonNode sums = bucket.getValue();
                buckets.merge(
                        bucket.getKey(),
                        new BucketTotals(
                                sums.path("micro_batches").asLong(),
                                sums.path("samples").asLong(),
                                sums.path("seconds").asDouble(),
                                0),
                        BucketTotals::plus);
            });
        }
    }

    /** Begins anew. */
    void forget() {
        buckets.clear();
    }

    /** The content of the file. */
    ObjectNode json() {
        ObjectNode file = JsonNodeFactory.instance.objectNode();
        buckets.forEach((name, totals) -> file.putObject(name)
                .put("micro_batches", totals.microBatches())
                .put("samples", totals.samples())
                .put("seconds", totals.seconds()));
        return file;
    }
}
