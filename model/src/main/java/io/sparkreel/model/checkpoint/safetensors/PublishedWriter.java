// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint.safetensors;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Writes tensors as the Hugging Face libraries lay them out: one safetensors file, or several beside an index. */
public final class PublishedWriter {

    private static final int CHUNK_BYTES = 1 << 20;
    private static final JsonMapper JSON = new JsonMapper();

    private PublishedWriter() {}

    /**
     * Copies tensors into a folder, a piece at a time.
     *
     * @param name first part of the names of files, such as "model"
     * @param floating type that floating tensors get; null: each keeps its own
     * @param mostBytes of one file; a larger tensor has one of its own
     * @throws InvalidInputException if the folder holds weights of that name
     */
    public static void write(TensorSource source, Path folder, String name, DataType floating, long mostBytes)
            throws IOException {
        Files.createDirectories(folder);
        Path whole = folder.resolve(name + ".safetensors");
        Path index = folder.resolve(name + ".safetensors.index.json");
        if (Files.exists(whole) || Files.exists(index)) {
            throw new InvalidInputException("Cannot write weights to " + folder
                    + ": it holds some already. Give another folder, or remove them.");
        }
        List<List<TensorInfo>> files = split(source, floating, mostBytes);
        if (files.size() == 1) {
            write(source, whole, files.get(0), floating);
            return;
        }
        ObjectNode root = JSON.createObjectNode();
        long total = 0;
        ObjectNode metadata = root.putObject("metadata");
        ObjectNode places = root.putObject("weight_map");
        for (int i = 0; i < files.size(); i++) {
            String file = String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", name, i + 1, files.size());
            write(source, folder.resolve(file), files.get(i), floating);
            for (TensorInfo tensor : files.get(i)) {
                places.put(tensor.name(), file);
                total += bytes(tensor, floating);
            }
        }
        metadata.put("total_size", total);
        Files.write(index, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
    }

    private static List<List<TensorInfo>> split(TensorSource source, DataType floating, long mostBytes) {
        List<TensorInfo> ordered = new ArrayList<>(source.tensors().values());
        // Wide elements first keeps every element of a file aligned.
        ordered.sort(Comparator.comparingInt(
                        (TensorInfo tensor) -> -type(tensor, floating).bytes())
                .thenComparing(TensorInfo::name));
        List<List<TensorInfo>> files = new ArrayList<>(List.of(new ArrayList<>()));
        long bytes = 0;
        for (TensorInfo tensor : ordered) {
            List<TensorInfo> last = files.get(files.size() - 1);
            if (!last.isEmpty() && bytes + bytes(tensor, floating) > mostBytes) {
                last = new ArrayList<>();
                files.add(last);
                bytes = 0;
            }
            last.add(tensor);
            bytes += bytes(tensor, floating);
        }
        return files;
    }

    private static DataType type(TensorInfo tensor, DataType floating) {
        return switch (tensor.dataType()) {
            case F64, F32, F16, BF16 -> floating == null ? tensor.dataType() : floating;
            default -> tensor.dataType();
        };
    }

    private static long bytes(TensorInfo tensor, DataType floating) {
        return tensor.elementCount() * type(tensor, floating).bytes();
    }

    private static void write(TensorSource source, Path file, List<TensorInfo> tensors, DataType floating)
            throws IOException {
        SafetensorsWriter.Builder builder = SafetensorsWriter.builder().metadata("format", "pt");
        tensors.forEach(tensor -> builder.tensor(tensor.name(), type(tensor, floating), tensor.shape()));
        try (SafetensorsWriter writer = builder.create(file)) {
            for (TensorInfo tensor : tensors) {
                if (type(tensor, floating) == tensor.dataType()) {
                    copy(source, tensor, writer);
                } else {
                    convert(source, tensor, writer);
                }
            }
            writer.commit();
        }
    }

    private static void copy(TensorSource source, TensorInfo tensor, SafetensorsWriter writer) throws IOException {
        for (long done = 0; done < tensor.byteLength(); ) {
            ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, tensor.byteLength() - done));
            source.readBytes(tensor.name(), done, chunk);
            done += chunk.flip().remaining();
            writer.writeBytes(tensor.name(), chunk);
        }
    }

    private static void convert(TensorSource source, TensorInfo tensor, SafetensorsWriter writer) throws IOException {
        for (long done = 0; done < tensor.elementCount(); ) {
            FloatBuffer chunk = FloatBuffer.allocate((int) Math.min(CHUNK_BYTES, tensor.elementCount() - done));
            source.readFloats(tensor.name(), done, chunk);
            done += chunk.flip().remaining();
            writer.write(tensor.name(), chunk);
        }
    }
}
