// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import io.sparkreel.model.InvalidInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Compares the tensors that a model wants with those that its weights have. */
public final class TensorCheck {

    private static final int MOST_LISTED = 10;

    private TensorCheck() {}

    /**
     * @param model the model in words, for the error
     * @param wanted shapes by name
     * @param found tensors by name
     * @param ignored names that may be there although nobody wants them
     * @throws InvalidInputException if a tensor is missing, unknown or of another shape; it lists ten of them
     */
    public static void require(
            String model, Map<String, long[]> wanted, Map<String, TensorInfo> found, Predicate<String> ignored) {
        List<String> problems = new ArrayList<>();
        wanted.forEach((name, shape) -> {
            TensorInfo tensor = found.get(name);
            if (tensor == null) {
                problems.add("no " + name);
            } else if (!Arrays.equals(tensor.shape(), shape)) {
                problems.add(name + " is " + Arrays.toString(tensor.shape()) + " and not " + Arrays.toString(shape));
            }
        });
        for (String name : found.keySet()) {
            if (!wanted.containsKey(name) && !ignored.test(name)) {
                problems.add("unknown " + name);
            }
        }
        if (!problems.isEmpty()) {
            String more = problems.size() > MOST_LISTED ? " and " + (problems.size() - MOST_LISTED) + " more" : "";
            throw new InvalidInputException("Cannot load weights of " + model + ": "
                    + String.join(", ", problems.subList(0, Math.min(MOST_LISTED, problems.size()))) + more
                    + ". Give the weights that belong to this configuration.");
        }
    }
}
