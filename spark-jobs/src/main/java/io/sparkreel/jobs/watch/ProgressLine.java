// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.StringJoiner;

/** A line of the log in words for the console. */
final class ProgressLine {
    private ProgressLine() {}

    static String of(JsonNode line) {
        return switch (line.path("event").asText()) {
            case "step" -> step(line);
            case "checkpoint" -> "checkpoint " + line.path("folder").asText();
            case "eval" ->
                "step " + line.path("step").asLong() + "  validation loss "
                        + number("%.4f", line.path("loss")) + "  mse " + number("%.4f", line.path("mse")) + "  of "
                        + line.path("clips").asLong() + " clips in " + number("%.1f", line.path("seconds")) + " s";
            case "samples" ->
                "step " + line.path("step").asLong() + "  " + line.path("clips").size() + " samples in "
                        + RunLog.SAMPLES + "/step-" + line.path("step").asLong();
            default -> line.path("message").asText(line.toString());
        };
    }

    private static String step(JsonNode line) {
        StringJoiner text = new StringJoiner("  ");
        text.add("step " + line.path("step").asLong() + "/"
                + line.path("total_steps").asLong());
        text.add("epoch " + line.path("epoch").asInt());
        text.add("loss " + number("%.4f", line.path("loss")));
        text.add("mse " + number("%.4f", line.path("mse")));
        text.add("grad " + number("%.3g", line.path("grad_norm")));
        text.add("lr " + number("%.2e", line.path("lr")));
        text.add(number("%.2f", line.path("samples_per_s")) + " samples/s");
        text.add(number("%.0f", line.path("tokens_per_s")) + " tokens/s");
        text.add(number("%.3f", line.path("tflops")) + " TFLOP/s"
                + (line.has("peak_share")
                        ? String.format(
                                Locale.ROOT,
                                " (%.1f %% of peak)",
                                100 * line.path("peak_share").asDouble())
                        : ""));
        text.add(number("%.3f", line.path("seconds_per_step")) + " s/step (" + shares(line) + ")");
        text.add("left " + left(line));
        if (line.path("skipped").asBoolean()) {
            text.add("gradient not finite: skipped");
        }
        return text.toString();
    }

    private static String shares(JsonNode line) {
        StringJoiner text = new StringJoiner(", ");
        double step = line.path("seconds_per_step").asDouble();
        line.path("step_time")
                .properties()
                .forEach(phase -> text.add(String.format(
                        Locale.ROOT,
                        "%s %.0f %%",
                        phase.getKey(),
                        100 * phase.getValue().asDouble() / step)));
        return text.toString();
    }

    private static String left(JsonNode line) {
        double steps = line.path("total_steps").asDouble() - line.path("step").asDouble();
        long seconds = Math.round(steps * line.path("seconds_per_step").asDouble());
        return String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }

    /** A number that is not finite is a text in JSON. */
    private static String number(String format, JsonNode value) {
        return value.isNumber() ? String.format(Locale.ROOT, format, value.asDouble()) : value.asText("?");
    }
}
