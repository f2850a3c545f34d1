// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sparkreel.model.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The hyper-parameters of a T5 encoder, under the names of the {@code config.json} that is published with its weights.
 *
 * @param vocabularySize rows of the token table
 * @param width D of a token
 * @param headSize width of one attention head; heads times this need not be D
 * @param hiddenSize width of the MLP's hidden layer
 * @param buckets buckets of the relative position bias, for both directions together
 * @param maxDistance the distance from which on all positions share a bucket
 * @param epsilon of the norms
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record T5Config(
        @JsonProperty("vocab_size") int vocabularySize,
        @JsonProperty("d_model") int width,
        @JsonProperty("d_kv") int headSize,
        @JsonProperty("d_ff") int hiddenSize,
        @JsonProperty("num_layers") int layers,
        @JsonProperty("num_heads") int heads,
        @JsonProperty("relative_attention_num_buckets") int buckets,
        @JsonProperty("relative_attention_max_distance") int maxDistance,
        @JsonProperty("feed_forward_proj") String feedForward,
        @JsonProperty("layer_norm_epsilon") double epsilon) {

    private static final String GATED_GELU = "gated-gelu";

    T5Config {
        maxDistance = maxDistance == 0 ? 128 : maxDistance; // absent from the first published files
        require(vocabularySize > 0, "vocab_size", vocabularySize, "a positive number");
        require(width > 0, "d_model", width, "a positive number");
        require(headSize > 0, "d_kv", headSize, "a positive number");
        require(hiddenSize > 0, "d_ff", hiddenSize, "a positive number");
        require(layers > 0, "num_layers", layers, "a positive number");
        require(heads > 0, "num_heads", heads, "a positive number");
        require(buckets >= 4 && buckets % 4 == 0, "relative_attention_num_buckets", buckets, "a multiple of 4");
        require(maxDistance > buckets / 4, "relative_attention_max_distance", maxDistance, "more than buckets / 4");
        require(GATED_GELU.equals(feedForward), "feed_forward_proj", feedForward, GATED_GELU + ", as in T5 v1.1");
        require(epsilon > 0, "layer_norm_epsilon", epsilon, "a positive number");
    }

    private static void require(boolean holds, String key, Object value, String expected) {
        if (!holds) {
            throw new InvalidInputException("Cannot build a T5 encoder: " + key + " is " + value
                    + ". Give weights whose config.json has " + expected + ".");
        }
    }

    /** Reads the {@code config.json} of a folder. */
    static T5Config read(Path folder) throws IOException {
        Path file = folder.resolve("config.json");
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException("Cannot load a T5 encoder from " + folder
                    + ": there is no config.json. Give a folder as published on the Hugging Face hub.");
        }
        try {
            return new JsonMapper().readValue(file.toFile(), T5Config.class);
        } catch (JsonProcessingException e) {
            if (e.getCause() instanceof InvalidInputException invalid) {
                throw invalid;
            }
            throw new InvalidInputException("Cannot read " + file + ": " + e.getOriginalMessage()
                    + ". Get the file anew from where it was published.");
        }
    }
}
