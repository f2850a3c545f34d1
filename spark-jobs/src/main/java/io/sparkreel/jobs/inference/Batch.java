// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/**
 * Prompts of one shape, one sample of each.
 *
 * @param prompts at least one
 * @param sample which sample
 */
record Batch(List<PromptRow> prompts, int sample) implements Serializable {
    PromptRow.Shape shape() {
        return prompts.get(0).shape();
    }

    /**
     * The batches of a table, formed from the table alone: executors, and what is there already, make no difference
     * to who is generated beside whom.
     *
     * @param size most prompts in a batch
     */
    static List<Batch> of(List<PromptRow> prompts, int size) {
        Map<PromptRow.Shape, List<PromptRow>> byShape = new LinkedHashMap<>();
        prompts.forEach(prompt -> byShape.computeIfAbsent(prompt.shape(), any -> new ArrayList<>())
                .add(prompt));
        List<Batch> batches = new ArrayList<>();
        for (List<PromptRow> same : byShape.values()) {
            for (int begin = 0; begin < same.size(); begin += size) {
                List<PromptRow> rows = same.subList(begin, Math.min(begin + size, same.size()));
                int most = rows.stream().mapToInt(PromptRow::samples).max().orElse(0);
                for (int sample = 0; sample < most; sample++) {
                    int k = sample;
                    batches.add(new Batch(
                            List.copyOf(rows.stream()
                                    .filter(row -> k < row.samples())
                                    .toList()),
                            k));
                }
            }
        }
        return batches;
    }

    /** Those of its prompts of which a sample is wanted; null if none is. */
    Batch only(BiPredicate<PromptRow, Integer> wanted) {
        List<PromptRow> rows =
                prompts.stream().filter(row -> wanted.test(row, sample)).toList();
        return rows.isEmpty() ? null : new Batch(List.copyOf(rows), sample);
    }
}
