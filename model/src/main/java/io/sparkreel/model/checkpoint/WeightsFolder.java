// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsReader;
import io.sparkreel.model.checkpoint.safetensors.TensorInfo;
import io.sparkreel.model.checkpoint.safetensors.TensorSource;
import io.sparkreel.model.checkpoint.torchfile.TorchFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of a published model, under the file names of the Hugging Face libraries: one file, or several beside an
 * index that says which of them holds which tensor; safetensors where there are some, else PyTorch's own files. Safe for
 * use by several threads.
 */
public final class WeightsFolder implements TensorSource {

    private static final List<String> NAMES = List.of(
            "model.safetensors",
            "diffusion_pytorch_model.safetensors",
            "pytorch_model.bin",
            "diffusion_pytorch_model.bin");
    private static final String TORCH_NAME = ".*\\.(bin|pt|pth|ckpt)";
    private static final String INDEX_SUFFIX = ".index.json";
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Path path;
    private final Map<String, TensorSource> readers = new LinkedHashMap<>(); // by file name
    private final Map<String, TensorSource> owners = new LinkedHashMap<>(); // by tensor name
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private WeightsFolder(Path path) {
        this.path = path;
    }

    /**
     * Opens the weights and checks the headers of all files.
     *
     * @param path a folder, or one file
     * @throws InvalidInputException if there are no weights, a file is damaged, or the index does not fit the files
     * @throws IOException if reading fails
     */
    public static WeightsFolder open(Path path) throws IOException {
        WeightsFolder folder = new WeightsFolder(path);
        try {
            folder.openFiles();
            return folder;
        } catch (IOException | RuntimeException | Error e) {
            folder.close();
            throw e;
        }
    }

    private void openFiles() throws IOException {
        if (Files.isRegularFile(path)) {
            addAll(open(path.getParent(), path.getFileName().toString()));
            return;
        }
        for (String name : NAMES) {
            if (Files.isRegularFile(path.resolve(name))) {
                addAll(open(path, name));
                return;
            }
            Path index = path.resolve(name + INDEX_SUFFIX);
            if (Files.isRegularFile(index)) {
                addShards(index);
                return;
            }
        }
        throw new InvalidInputException("Cannot read weights of " + path + ": there is neither "
                + String.join(" nor ", NAMES) + ", nor an index of one. Give a folder of published weights.");
    }

    private TensorSource open(Path folder, String fileName) throws IOException {
        TensorSource reader = readers.get(fileName);
        if (reader == null) {
            Path file = folder == null ? Path.of(fileName) : folder.resolve(fileName);
            reader = fileName.matches(TORCH_NAME) ? TorchFile.open(file) : SafetensorsReader.open(file);
            readers.put(fileName, reader);
        }
        return reader;
    }

    private void addAll(TensorSource reader) {
        reader.tensors().forEach((name, info) -> add(name, info, reader));
    }

    private void add(String name, TensorInfo info, TensorSource reader) {
        tensors.put(name, info);
        owners.put(name, reader);
    }

    private void addShards(Path index) throws IOException {
        JsonNode places;
        try {
            places = JSON.readTree(index.toFile()).path("weight_map");
        } catch (JsonProcessingException e) {
            throw unfit(index, "it is not JSON: " + e.getOriginalMessage());
        }
        if (!places.isObject() || places.isEmpty()) {
            throw unfit(index, "it has no weight_map");
        }
        for (Map.Entry<String, JsonNode> place : places.properties()) {
            String fileName = place.getValue().asText();
            // A name that leads out of the folder would make a downloaded index read any file of this machine.
            if (!place.getValue().isTextual() || !fileName.matches("[\\w.-]+\\.(safetensors|bin)")) {
                throw unfit(index, "tensor '" + place.getKey() + "' is said to be in " + place.getValue());
            }
            TensorSource reader = open(path, fileName);
            TensorInfo info = reader.tensors().get(place.getKey());
            if (info == null) {
                throw unfit(index, "tensor '" + place.getKey() + "' is not in " + fileName);
            }
            add(place.getKey(), info, reader);
        }
    }

    private static InvalidInputException unfit(Path index, String found) {
        return new InvalidInputException(
                "Cannot read " + index + ": " + found + ". Get the folder anew from where it was published.");
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public void readFloats(String name, long firstElement, FloatBuffer target) throws IOException {
        owner(name).readFloats(name, firstElement, target);
    }

    @Override
    public void readBytes(String name, long firstByte, ByteBuffer target) throws IOException {
        owner(name).readBytes(name, firstByte, target);
    }

    private TensorSource owner(String name) {
        TensorSource reader = owners.get(name);
        if (reader == null) {
            throw new InvalidInputException("Cannot read tensor '" + name + "' of " + path + ": none of its "
                    + tensors.size() + " tensors has that name. Give the weights of the configured model.");
        }
        return reader;
    }

    @Override
    public void close() throws IOException {
        List<IOException> failures = new ArrayList<>();
        for (TensorSource reader : readers.values()) {
            try {
                reader.close();
            } catch (IOException e) {
                failures.add(e);
            }
        }
        readers.clear();
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
    }

    /** Whether the files have the names that the diffusers library gives. */
    boolean isOfDiffusers() {
        return readers.keySet().stream().allMatch(name -> name.startsWith("diffusion_pytorch_model"));
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
