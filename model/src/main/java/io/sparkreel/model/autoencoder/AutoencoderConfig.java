// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sparkreel.model.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The hyper-parameters of the autoencoder of Stable Diffusion 1, under the names of the {@code config.json} that is
 * published with its weights.
 *
 * @param channels of every level, the finest first; between two levels the size halves
 * @param layersPerBlock residual blocks of a level of the encoder; the decoder has one more
 * @param latentChannels channels of a latent
 * @param normGroups groups of every group norm; all channels are multiples of it
 * @param scalingFactor what latents are multiplied by to bring them to about unit variance
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record AutoencoderConfig(
        @JsonProperty("block_out_channels") int[] channels,
        @JsonProperty("layers_per_block") int layersPerBlock,
        @JsonProperty("latent_channels") int latentChannels,
        @JsonProperty("norm_num_groups") int normGroups,
        @JsonProperty("scaling_factor") double scalingFactor,
        @JsonProperty("in_channels") int inChannels,
        @JsonProperty("out_channels") int outChannels,
        @JsonProperty("act_fn") String activation,
        @JsonProperty("down_block_types") String[] downBlocks,
        @JsonProperty("up_block_types") String[] upBlocks) {

    static final int COLOURS = 3;

    private static final double DEFAULT_SCALING_FACTOR = 0.18215;
    private static final String DOWN_BLOCK = "DownEncoderBlock2D";
    private static final String UP_BLOCK = "UpDecoderBlock2D";

    AutoencoderConfig {
        scalingFactor = scalingFactor == 0 ? DEFAULT_SCALING_FACTOR : scalingFactor; // absent from the first files
        normGroups = normGroups == 0 ? 32 : normGroups;
        require(channels != null && channels.length > 0, "block_out_channels", "absent", "a list of channels");
        require(normGroups > 0, "norm_num_groups", normGroups, "a positive number");
        int groups = normGroups;
        require(
                Arrays.stream(channels).allMatch(width -> width > 0 && width % groups == 0),
                "block_out_channels",
                Arrays.toString(channels),
                "multiples of norm_num_groups (" + normGroups + ")");
        require(layersPerBlock > 0, "layers_per_block", layersPerBlock, "a positive number");
        require(latentChannels > 0, "latent_channels", latentChannels, "a positive number");
        require(scalingFactor > 0, "scaling_factor", scalingFactor, "a positive number");
        require(inChannels == COLOURS, "in_channels", inChannels, "3");
        require(outChannels == COLOURS, "out_channels", outChannels, "3");
        require("silu".equals(activation), "act_fn", activation, "silu");
        requireAll(downBlocks, DOWN_BLOCK, channels.length, "down_block_types");
        requireAll(upBlocks, UP_BLOCK, channels.length, "up_block_types");
    }

    private static void requireAll(String[] blocks, String kind, int count, String key) {
        require(
                blocks != null
                        && blocks.length == count
                        && Arrays.stream(blocks).allMatch(kind::equals),
                key,
                Arrays.toString(blocks),
                "one " + kind + " for each of block_out_channels");
    }

    private static void require(boolean holds, String key, Object value, String expected) {
        if (!holds) {
            throw new InvalidInputException("Cannot build an autoencoder: " + key + " is " + value
                    + ". Give weights whose config.json has " + expected + ".");
        }
    }

    /** Pixels of one side that make one latent row or column. */
    int spatialFactor() {
        return 1 << (channels.length - 1);
    }

    /** Reads the {@code config.json} of a folder. */
    static AutoencoderConfig read(Path folder) throws IOException {
        Path file = folder.resolve("config.json");
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException("Cannot load an autoencoder from " + folder
                    + ": there is no config.json. Give a folder as published on the Hugging Face hub.");
        }
        try {
            return new JsonMapper().readValue(file.toFile(), AutoencoderConfig.class);
        } catch (JsonProcessingException e) {
            if (e.getCause() instanceof InvalidInputException invalid) {
                throw invalid;
            }
            throw new InvalidInputException("Cannot read " + file + ": " + e.getOriginalMessage()
                    + ". Get the file anew from where it was published.");
        }
    }
}
