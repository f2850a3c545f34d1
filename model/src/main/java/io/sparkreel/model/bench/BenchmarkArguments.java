// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.torch.Precision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What steps of training or of sampling are measured on.
 *
 * @param shape latent sizes
 * @param threads of one operator
 * @param checkpoint whether blocks are computed again in the backward pass of training
 * @param warmup steps before those that are measured
 * @param steps steps measured
 */
record BenchmarkArguments(
        int hidden,
        int depth,
        int heads,
        BatchShape shape,
        int threads,
        boolean checkpoint,
        Precision precision,
        int warmup,
        int steps) {

    private static final List<String> REQUIRED = List.of(
            "--hidden",
            "--depth",
            "--heads",
            "--frames",
            "--height",
            "--width",
            "--batch",
            "--text-tokens",
            "--threads");
    private static final Map<String, Integer> COUNTS = Map.of("--warmup", 3, "--steps", 10);
    private static final String DTYPE = "--dtype";
    private static final String CHECKPOINT = "--checkpoint";
    private static final Map<String, Precision> DTYPES = Map.of("fp32", Precision.FP32, "bf16", Precision.BF16);

    static BenchmarkArguments parse(String[] words) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < words.length; i++) {
            String name = words[i];
            if (name.equals(CHECKPOINT)) {
                values.put(name, "");
                continue;
            }
            if (!REQUIRED.contains(name) && !COUNTS.containsKey(name) && !name.equals(DTYPE)) {
                throw refused(name + " is unknown", "See submit/bench --help");
            }
            if (i + 1 == words.length) {
                throw refused(name + " has no value", "Give it one");
            }
            values.put(name, words[++i]);
        }
        for (String name : REQUIRED) {
            if (!values.containsKey(name)) {
                throw refused(name + " is missing", "Give all of " + String.join(", ", REQUIRED));
            }
        }
        Map<String, Integer> n = new HashMap<>(COUNTS);
        values.forEach((name, value) -> {
            if (!Set.of(CHECKPOINT, DTYPE).contains(name)) {
                n.put(name, count(name, value));
            }
        });
        Precision precision = DTYPES.get(values.getOrDefault(DTYPE, "fp32"));
        if (precision == null) {
            throw refused(DTYPE + " is " + values.get(DTYPE), "Set it to fp32 or bf16");
        }
        LatentShape latent =
                new LatentShape(BenchmarkModel.LATENT_CHANNELS, n.get("--frames"), n.get("--height"), n.get("--width"));
        BatchShape shape = new BatchShape(n.get("--batch"), latent, n.get("--text-tokens"));
        return new BenchmarkArguments(
                n.get("--hidden"),
                n.get("--depth"),
                n.get("--heads"),
                shape,
                n.get("--threads"),
                values.containsKey(CHECKPOINT),
                precision,
                n.get("--warmup"),
                n.get("--steps"));
    }

    private static int count(String name, String value) {
        if (!value.matches("[1-9][0-9]{0,6}")) {
            throw refused(name + " is " + value, "Set it to a whole number of at least 1");
        }
        return Integer.parseInt(value);
    }

    private static InvalidInputException refused(String found, String remedy) {
        return new InvalidInputException("Cannot measure steps: " + found + ". " + remedy + ".");
    }

    private String dtype() {
        return precision == Precision.BF16 ? "bf16" : "fp32";
    }

    DenoiserConfig config() {
        return BenchmarkModel.of(hidden, depth, heads, shape.textTokens());
    }

    void describe(Map<String, Object> report) {
        report.put("hidden", hidden);
        report.put("depth", depth);
        report.put("heads", heads);
        report.put("frames", shape.latent().frames());
        report.put("height", shape.latent().height());
        report.put("width", shape.latent().width());
        report.put("batch", shape.clips());
        report.put("text_tokens", shape.textTokens());
        report.put("threads", threads);
        report.put("checkpoint", checkpoint);
        report.put("dtype", dtype());
        report.put("warmup", warmup);
        report.put("steps", steps);
    }
}
