// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

import io.sparkreel.model.InvalidInputException;
import java.util.Map;
import java.util.function.Predicate;

/** Which parameters a run leaves as they are, in terms of the named groups of a model. */
public enum Freeze {
    /** All but the attention between frames. */
    NOT_TEMPORAL("temporal", true),
    /** The attention to the caption. */
    TEXT("text", false);

    private final String group;
    private final boolean allBut;

    Freeze(String group, boolean allBut) {
        this.group = group;
        this.allBut = allBut;
    }

    /**
     * Which parameters stay as they are, by published name.
     *
     * @param groups the named groups of the model
     * @throws InvalidInputException if the model has no group of this kind
     */
    public Predicate<String> in(Map<String, Predicate<String>> groups) {
        Predicate<String> named = groups.get(group);
        if (named == null) {
            throw new InvalidInputException("Cannot freeze parameters: the model has no group '" + group + "', it has "
                    + groups.keySet() + ". Leave model.freeze away.");
        }
        return allBut ? named.negate() : named;
    }
}
