// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.error;

import io.sparkreel.model.ForeignText;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Why clips or rows could not be used, how many for each reason, and an example of each: the end of a job's last line. */
public final class Reasons {
    private static final int SHOWN = 3;

    private record Count(String reason, long count, String example) {
        private Count plus(long more) {
            return new Count(reason, count + more, example);
        }
    }

    private final Map<String, Count> counts = new LinkedHashMap<>();

    /**
     * Counts one.
     *
     * @param example which one it was, and more of why; the first of a reason is kept
     */
    public void add(String reason, String example) {
        add(reason, example, 1);
    }

    /** Counts several of one reason. */
    public void add(String reason, String example, long count) {
        counts.merge(reason, new Count(reason, count, example), (all, one) -> all.plus(count));
    }

    public boolean isEmpty() {
        return counts.isEmpty();
    }

    /** The reason of the most; of two with as many the one that came first. */
    public String commonest() {
        return sorted().get(0).reason();
    }

    private List<Count> sorted() {
        return counts.values().stream()
                .sorted(Comparator.comparingLong(Count::count).reversed())
                .toList();
    }

    /** Such as "9 missing_file, such as file:/clips/a.mp4: there is no such file; 2 truncated; and 1 other". */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        long others = 0;
        List<Count> sorted = sorted();
        for (int i = 0; i < sorted.size(); i++) {
            Count count = sorted.get(i);
            if (i >= SHOWN) {
                others += count.count();
                continue;
            }
            text.append(i == 0 ? "" : "; ").append(count.count()).append(' ').append(count.reason());
            text.append(i == 0 ? ", such as " + ForeignText.line(count.example()) : "");
        }
        return others == 0 ? text.toString() : text + "; and " + others + (others == 1 ? " other" : " others");
    }
}
