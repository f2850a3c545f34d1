// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

import io.sparkreel.model.denoiser.ParameterLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A part of a vector as runs of consecutive elements, and the vector that has these alone, one run after the other. Files
 * name elements by their place in the whole vector, whatever part of it is trained.
 */
public record Runs(List<Run> runs) {
    /** Elements {@code whole} to {@code whole + elements} of the whole vector, which are {@code part} and after in the part. */
    public record Run(long whole, long part, long elements) {}

    public Runs {
        runs = List.copyOf(runs);
    }

    /** Where the tensors of one layout lie in another one that has them all, in the same order. */
    public static Runs of(ParameterLayout whole, ParameterLayout part) {
        List<Run> runs = new ArrayList<>();
        for (ParameterLayout.Slot slot : part.slots().values()) {
            long begin = whole.slot(slot.spec().name()).begin();
            Run last = runs.isEmpty() ? null : runs.get(runs.size() - 1);
            if (last != null && last.whole + last.elements == begin) {
                runs.set(
                        runs.size() - 1,
                        new Run(
                                last.whole,
                                last.part,
                                last.elements + slot.spec().elements()));
            } else {
                runs.add(new Run(begin, slot.begin(), slot.spec().elements()));
            }
        }
        return new Runs(runs);
    }

    /** The number of elements of the part. */
    public long elements() {
        return runs.stream().mapToLong(Run::elements).sum();
    }

    /**
     * Elements of the part, as they lie in the whole vector: runs whose {@link Run#part} counts from {@code begin}.
     *
     * @param begin the first of them in the part
     */
    public List<Run> between(long begin, long elements) {
        List<Run> found = new ArrayList<>();
        for (Run run : runs) {
            long from = Math.max(begin, run.part);
            long to = Math.min(begin + elements, run.part + run.elements);
            if (from < to) {
                found.add(new Run(run.whole + from - run.part, from - begin, to - from));
            }
        }
        return found;
    }

    /**
     * Elements of the whole vector that are in the part: runs whose {@link Run#whole} counts from {@code begin}, and
     * {@link Run#part} from the part's beginning.
     *
     * @param begin the first of them in the whole vector
     */
    public List<Run> within(long begin, long elements) {
        List<Run> found = new ArrayList<>();
        for (Run run : runs) {
            long from = Math.max(begin, run.whole);
            long to = Math.min(begin + elements, run.whole + run.elements);
            if (from < to) {
                found.add(new Run(from - begin, run.part + from - run.whole, to - from));
            }
        }
        return found;
    }
}
