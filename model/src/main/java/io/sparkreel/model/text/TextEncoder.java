// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import java.util.List;

/** Turns texts into the features that condition the model. */
public interface TextEncoder extends AutoCloseable {

    /** Width D of one slot. */
    int width();

    /** Slots L of each text; longer texts are cut. */
    int slots();

    /** Encodes texts, each by itself: a text's features do not depend on its neighbours in the list. */
    TextFeatures encode(List<String> texts);

    @Override
    void close();
}
