// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

import io.sparkreel.model.collective.FlatRange;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which elements of a flat vector a rank keeps: all, or with optimizer sharding its part of each group. Kept elements lie
 * one part after the other in a vector of their own.
 */
public final class Shard {
    /** Elements {@code begin} to {@code begin + elements} of the whole, kept from {@code local} on. */
    public record Part(long begin, long local, long elements) {}

    private final List<Part> parts;
    private final long elements;

    private Shard(List<Part> parts) {
        this.parts = List.copyOf(parts);
        elements = parts.stream().mapToLong(Part::elements).sum();
    }

    /** All elements. */
    public static Shard whole(long elements) {
        return between(0, elements);
    }

    /** Elements {@code begin} to {@code end}. */
    public static Shard between(long begin, long end) {
        return new Shard(List.of(new Part(begin, 0, end - begin)));
    }

    /** What rank {@code rank} has the sums of once each group is scattered over the ranks. */
    public static Shard of(ParameterLayout layout, int rank, int ranks) {
        List<Part> parts = new ArrayList<>();
        long local = 0;
        for (ParameterLayout.Group group : layout.groups()) {
            long from = FlatRange.partBegin(group.elements(), rank, ranks);
            long count = FlatRange.partBegin(group.elements(), rank + 1, ranks) - from;
            if (count > 0) {
                parts.add(new Part(group.begin() + from, local, count));
                local += count;
            }
        }
        return new Shard(parts);
    }

    public List<Part> parts() {
        return parts;
    }

    /** How many elements are kept. */
    public long elements() {
        return elements;
    }

    /** Views of the kept elements in the whole vector. */
    public List<Tensor> ofWhole(FlatBuffer whole) {
        return parts.stream()
                .map(part -> view(whole, part.begin, part.elements))
                .toList();
    }

    /** Views of the kept elements in the vector that has no others. */
    List<Tensor> ofKept(FlatBuffer kept) {
        return parts.stream().map(part -> view(kept, part.local, part.elements)).toList();
    }

    public static Tensor view(FlatBuffer vector, long begin, long elements) {
        return Kernels.instance().sliceFlat(vector.tensor(), begin, elements, elements);
    }

    /** Which of {@code count} elements from element {@code begin} of the whole vector on are kept. */
    public List<Part> within(long begin, long count) {
        List<Part> kept = new ArrayList<>();
        for (Part part : parts) {
            long from = Math.max(begin, part.begin);
            long to = Math.min(begin + count, part.begin + part.elements);
            if (from < to) {
                kept.add(new Part(from, part.local + from - part.begin, to - from));
            }
        }
        return kept;
    }

    /**
     * Copies the part of {@code values} (elements from {@code begin} of the whole vector) that this shard keeps. Returns
     * the number of elements copied.
     */
    public long write(FlatBuffer kept, long begin, FloatBuffer values) {
        long written = 0;
        for (Part part : parts) {
            long from = Math.max(begin, part.begin);
            long to = Math.min(begin + values.remaining(), part.begin + part.elements);
            if (from < to) {
                kept.write(part.local + from - part.begin, values.slice((int) (from - begin), (int) (to - from)));
                written += to - from;
            }
        }
        return written;
    }

    /** The parts as a file names them: {@code begin+elements}, in the order in which they are kept. */
    public String text() {
        return parts.stream().map(part -> part.begin + "+" + part.elements).collect(Collectors.joining(" "));
    }

    /** The reverse of {@link #text}. */
    public static Shard parse(String text) {
        List<Part> parts = new ArrayList<>();
        long local = 0;
        for (String part : text.split(" ")) {
            int plus = part.indexOf('+');
            long count = Long.parseLong(part.substring(plus + 1));
            parts.add(new Part(Long.parseLong(part.substring(0, plus)), local, count));
            local += count;
        }
        return new Shard(parts);
    }
}
