// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.error.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Prompts that a caller has as a Dataset. */
final class PromptDataset {
    private static final ObjectMapper JSON = new ObjectMapper();

    private PromptDataset() {}

    /** @throws UserError if the columns are not those of a prompt table */
    static List<RawPrompt> collect(Dataset<Row> prompts) {
        PromptFile.requireColumns("the Dataset", Arrays.asList(prompts.columns()));
        List<RawPrompt> raw = new ArrayList<>();
        for (String row : prompts.toJSON().collectAsList()) {
            try {
                raw.add(RawPrompt.of(
                        "row " + (raw.size() + 1) + " of the Dataset", JSON.readValue(row, ObjectNode.class)));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("Spark wrote a row that is no JSON", e);
            }
        }
        return raw;
    }
}
