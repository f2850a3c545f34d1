// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The numbers of a line of the log under the names that TensorBoard and Spark's metrics know them by:
 * {@code loss}, {@code step_time/backward}, {@code bucket_loss/NAME}, {@code bucket_seconds/NAME} (of a micro-batch),
 * {@code eval/loss}, {@code eval_loss/NAME}.
 */
final class Scalars {
    /** Where a line stands, which is no measurement. */
    private static final Set<String> PLACES = Set.of("step", "epoch", "total_steps");

    private Scalars() {}

    /** By name; nothing of lines that are not about steps. */
    static Map<String, Double> of(JsonNode line) {
        Map<String, Double> scalars = new LinkedHashMap<>();
        switch (line.path("event").asText()) {
            case "step" -> {
                numbers("", line, scalars);
                numbers("step_time/", line.path("step_time"), scalars);
                line.path("buckets").properties().forEach(bucket -> {
                    JsonNode sums = bucket.getValue();
                    put("bucket_loss/" + bucket.getKey(), sums.path("loss"), scalars);
                    scalars.put(
                            "bucket_seconds/" + bucket.getKey(),
                            sums.path("seconds").asDouble()
                                    / sums.path("micro_batches").asDouble());
                });
            }
            case "eval" -> {
                numbers("eval/", line, scalars);
                line.path("buckets")
                        .properties()
                        .forEach(bucket -> put(
                                "eval_loss/" + bucket.getKey(),
                                bucket.getValue().path("loss"),
                                scalars));
            }
            default -> {}
        }
        return scalars;
    }

    private static void numbers(String prefix, JsonNode node, Map<String, Double> scalars) {
        node.properties().forEach(field -> {
            if (!PLACES.contains(field.getKey())) {
                put(prefix + field.getKey(), field.getValue(), scalars);
            }
        });
    }

    /** JSON has no number that is not finite; such a loss is a text, and worth seeing. */
    private static void put(String name, JsonNode value, Map<String, Double> scalars) {
        if (value.isNumber()) {
            scalars.put(name, value.asDouble());
        } else if (value.isTextual() && value.asText().matches("NaN|-?Infinity")) {
            scalars.put(name, Double.parseDouble(value.asText()));
        }
    }
}
