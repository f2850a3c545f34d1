// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.weights;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a published folder is read for. It usually holds the same weights in several formats: one is enough. */
public enum WeightsPart {
    /** The sizes of the model. */
    CONFIG,
    /** Its tensors. */
    WEIGHTS,
    /** What turns a text into tokens. */
    TOKENIZER;

    private static final String CONFIGURATION = "config.json";
    private static final List<String> TOKENIZERS = List.of("tokenizer.json", "spiece.model");
    /** Those in front win. */
    private static final List<String> WEIGHT_FILES = List.of(
            "model.safetensors",
            "diffusion_pytorch_model.safetensors",
            "pytorch_model.bin",
            "diffusion_pytorch_model.bin");

    private static final String INDEX = ".index.json";

    /** The files of a folder that these parts consist of, as far as they are there. */
    static Set<String> select(Collection<String> names, Set<WeightsPart> parts) {
        Set<String> selected = new TreeSet<>();
        if (parts.contains(CONFIG) && names.contains(CONFIGURATION)) {
            selected.add(CONFIGURATION);
        }
        if (parts.contains(TOKENIZER)) {
            TOKENIZERS.stream().filter(names::contains).forEach(selected::add);
        }
        if (parts.contains(WEIGHTS)) {
            selected.addAll(weights(names));
        }
        return selected;
    }

    private static Set<String> weights(Collection<String> names) {
        for (String file : WEIGHT_FILES) {
            if (names.contains(file)) {
                return Set.of(file);
            }
            if (names.contains(file + INDEX)) {
                Set<String> files = new TreeSet<>(Set.of(file + INDEX));
                names.stream()
                        .filter(name -> shard(file).matcher(name).matches())
                        .forEach(files::add);
                return files;
            }
        }
        return Set.of();
    }

    private static Pattern shard(String file) {
        int dot = file.lastIndexOf('.');
        return Pattern.compile(
                Pattern.quote(file.substring(0, dot)) + "-\\d{5}-of-(\\d{5})" + Pattern.quote(file.substring(dot)));
    }

    /** What of these parts a folder lacks, in words. */
    public static Optional<String> missing(Collection<String> names, Set<WeightsPart> parts) {
        if (parts.contains(CONFIG) && !names.contains(CONFIGURATION)) {
            return Optional.of("no " + CONFIGURATION);
        }
        if (parts.contains(TOKENIZER) && TOKENIZERS.stream().noneMatch(names::contains)) {
            return Optional.of("neither " + String.join(" nor ", TOKENIZERS));
        }
        return parts.contains(WEIGHTS) ? missingWeights(names) : Optional.empty();
    }

    private static Optional<String> missingWeights(Collection<String> names) {
        Set<String> files = weights(names);
        if (files.isEmpty()) {
            return Optional.of("none of " + String.join(", ", WEIGHT_FILES) + ", nor an index of one");
        }
        for (String file : WEIGHT_FILES) {
            if (files.contains(file + INDEX)) {
                List<Matcher> shards = files.stream()
                        .map(shard(file)::matcher)
                        .filter(Matcher::matches)
                        .toList();
                int all = shards.isEmpty() ? 1 : Integer.parseInt(shards.get(0).group(1));
                return shards.size() == all
                        ? Optional.empty()
                        : Optional.of(shards.size() + " of the " + (shards.isEmpty() ? "" : all + " ") + "files of "
                                + file + INDEX);
            }
        }
        return Optional.empty();
    }
}
