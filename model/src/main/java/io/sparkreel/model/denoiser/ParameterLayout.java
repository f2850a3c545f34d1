// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Where the parameters of a model lie in one flat vector.
 *
 * <p>Those of one group are contiguous, so that a group is one range to reduce and to update. Groups are in the order of
 * the forward pass.
 */
public final class ParameterLayout {
    /** A tensor's place: {@code [begin, begin + elements)}. */
    public record Slot(ParameterSpec spec, long begin) {
        /** The element after the last. */
        public long end() {
            return begin + spec.elements();
        }
    }

    /** A contiguous range of tensors that become final at the same moment of the backward pass; it may be empty. */
    public record Group(String name, long begin, long end) {
        /** The number of elements. */
        public long elements() {
            return end - begin;
        }
    }

    private final Map<String, Slot> slots = new LinkedHashMap<>();
    private final List<Group> groups = new ArrayList<>();
    private long elements;

    /** Puts a group of tensors after those that are there. */
    public ParameterLayout group(String name, List<ParameterSpec> specs) {
        long begin = elements;
        for (ParameterSpec spec : specs) {
            slots.put(spec.name(), new Slot(spec, elements));
            elements += spec.elements();
        }
        groups.add(new Group(name, begin, elements));
        return this;
    }

    /** The same groups with some of the tensors alone. */
    public ParameterLayout only(Predicate<ParameterSpec> kept) {
        ParameterLayout part = new ParameterLayout();
        for (Group group : groups) {
            part.group(
                    group.name(),
                    slots.values().stream()
                            .filter(slot -> slot.begin() >= group.begin() && slot.begin() < group.end())
                            .map(Slot::spec)
                            .filter(kept)
                            .toList());
        }
        return part;
    }

    /** Every tensor by name, in the order of the vector. */
    public Map<String, Slot> slots() {
        return Collections.unmodifiableMap(slots);
    }

    /** The tensor of this name. */
    public Slot slot(String name) {
        Slot slot = slots.get(name);
        if (slot == null) {
            throw new IllegalArgumentException("Cannot find parameter " + name + " in the layout");
        }
        return slot;
    }

    /** The groups in the order of the forward pass; the backward pass leaves them from the last to the first. */
    public List<Group> groups() {
        return List.copyOf(groups);
    }

    /** The number of parameters. */
    public long elements() {
        return elements;
    }
}
