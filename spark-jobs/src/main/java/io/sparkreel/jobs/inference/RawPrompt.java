// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A prompt as its source has it.
 *
 * @param place where it stands, in words
 * @param columns what the source says; text where the source knows no types; null if it could not be read
 * @param problem why it could not be read, or null
 */
record RawPrompt(String place, ObjectNode columns, String problem) {
    static RawPrompt of(String place, String prompt) {
        return new RawPrompt(place, JsonNodeFactory.instance.objectNode().put("prompt", prompt), null);
    }

    static RawPrompt of(String place, ObjectNode columns) {
        return new RawPrompt(place, columns, null);
    }

    static RawPrompt unreadable(String place, String problem) {
        return new RawPrompt(place, null, problem);
    }
}
