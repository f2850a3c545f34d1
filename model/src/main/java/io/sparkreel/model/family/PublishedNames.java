// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family;

import java.util.Map;
import java.util.Set;

/**
 * What the published weights of a model hold beside its parameters.
 *
 * @param model what the model is called in messages, with an article: "an STDiT2"
 * @param nullCaption name of the learned features of no caption [slots, W]; null where a model has none, and is given
 *     the encoded negative prompt instead
 * @param derived tensors that follow from the sizes, and are written because stock readers of these weights expect them
 * @param ignored names that files may hold and that are not needed
 * @param shapes which other shapes a parameter may be stored in
 */
public record PublishedNames(
        String model, String nullCaption, Map<String, float[]> derived, Set<String> ignored, Shapes shapes) {
    /** Accepts shapes of the same elements in the same order. */
    @FunctionalInterface
    public interface Shapes {
        /** Whether a parameter of the shape {@code wanted} may be stored as {@code found}. */
        boolean accept(String name, long[] found, long[] wanted);
    }
}
