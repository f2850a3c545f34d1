// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.Extensions;
import io.sparkreel.model.InvalidInputException;
import java.util.List;

/** The diffusion processes that are registered. */
public final class Processes {
    /** Key of an identity. */
    private static final String TYPE = "type";

    private Processes() {}

    /** The identity of a process of this type, of which nothing else is known. */
    public static ObjectNode identity(String type) {
        return JsonNodeFactory.instance.objectNode().put(TYPE, type);
    }

    /**
     * The process of an identity.
     *
     * @throws InvalidInputException if there is none of its type
     */
    public static DiffusionProcess of(ObjectNode identity) {
        List<ProcessType> all = Extensions.all(ProcessType.class);
        String type = identity.path(TYPE).asText();
        return all.stream()
                .filter(process -> process.type().equals(type))
                .findFirst()
                .orElseThrow(() -> new InvalidInputException("Cannot sample with the process '" + type
                        + "': there is none of this type. Use a model of "
                        + all.stream().map(ProcessType::type).sorted().toList() + "."))
                .of(identity);
    }
}
