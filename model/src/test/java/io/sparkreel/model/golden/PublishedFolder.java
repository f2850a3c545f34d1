// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Lays golden weights out as the Hugging Face hub would: {@code config.json} beside safetensors files. */
public final class PublishedFolder {
    private static final String PREFIX = "weights.";

    private final Path folder;
    private final Map<String, GoldenTensors.Entry> weights = new TreeMap<>();

    public PublishedFolder(Path folder, GoldenTensors tensors, JsonNode config) throws IOException {
        this.folder = folder;
        tensors.entries().forEach((name, entry) -> {
            if (name.startsWith(PREFIX)) {
                weights.put(name.substring(PREFIX.length()), entry);
            }
        });
        new ObjectMapper().writeValue(folder.resolve("config.json").toFile(), config);
    }

    public Map<String, GoldenTensors.Entry> weights() {
        return weights;
    }

    public PublishedFolder rename(UnaryOperator<String> renaming) {
        Map<String, GoldenTensors.Entry> renamed = new TreeMap<>();
        weights.forEach((name, entry) -> renamed.put(renaming.apply(name), entry));
        weights.clear();
        weights.putAll(renamed);
        return this;
    }

    public Path inOneFile(String fileName) throws IOException {
        write(fileName, List.copyOf(weights.keySet()));
        return folder;
    }

    public Path inShards(String fileName, int shards) throws IOException {
        ObjectNode index = new ObjectMapper().createObjectNode();
        ObjectNode places = index.putObject("weight_map");
        List<String> names = new ArrayList<>(weights.keySet());
        for (int shard = 0; shard < shards; shard++) {
            String shardName =
                    fileName.replace(".safetensors", "-0000" + (shard + 1) + "-of-0000" + shards + ".safetensors");
            List<String> part = names.subList(names.size() * shard / shards, names.size() * (shard + 1) / shards);
            part.forEach(name -> places.put(name, shardName));
            write(shardName, part);
        }
        new ObjectMapper().writeValue(folder.resolve(fileName + ".index.json").toFile(), index);
        return folder;
    }

    private void write(String fileName, List<String> names) throws IOException {
        SafetensorsWriter.Builder builder = SafetensorsWriter.builder();
        names.forEach(
                name -> builder.tensor(name, DataType.F32, weights.get(name).shape()));
        try (SafetensorsWriter writer = builder.writeTo(Files.newOutputStream(folder.resolve(fileName)))) {
            for (String name : names) {
                writer.write(name, FloatBuffer.wrap(weights.get(name).values()));
            }
            writer.commit();
        }
    }
}
