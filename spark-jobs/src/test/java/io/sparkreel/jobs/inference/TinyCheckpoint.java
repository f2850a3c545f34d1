// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.checkpoint.CheckpointWriter;
import io.sparkreel.model.checkpoint.LocalStorage;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsWriter;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.process.iddpm.Iddpm;
import io.sparkreel.model.train.checkpoint.RunState;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A checkpoint of a small model whose weights are noise, which predicts the clean latent. */
public final class TinyCheckpoint {
    private static final int CHANNELS = 6;
    private static final int TEXT_WIDTH = 32;
    private static final int SLOTS = 12;

    private TinyCheckpoint() {}

    /** @return the checkpoint's folder */
    public static Path write(Path run, long seed) throws IOException {
        Stdit2Config config =
                new Stdit2Config(64, CHANNELS, List.of(1, 2, 2), 48, 2, 4, 4, 0, true, TEXT_WIDTH, SLOTS, true);
        LocalStorage storage = new LocalStorage(run);
        String folder = CheckpointWriter.folderName(0, seed);
        CheckpointWriter writer = new CheckpointWriter(storage, folder);
        ObjectMapper json = new ObjectMapper();
        for (String part : List.of(TrainingCheckpoint.MODEL, TrainingCheckpoint.EMA)) {
            put(writer, part + "/config.json", json.writeValueAsBytes(config));
            weights(writer.create(part + "/model.safetensors"), config, seed);
        }
        put(
                writer,
                "state.json",
                json.writeValueAsBytes(new RunState(
                        0, 0, seed, seed, 42, "none", new Iddpm(new Iddpm.Options(true, 1, "", false)).identity())));
        CheckpointWriter.commit(storage, folder, writer.written());
        return run.resolve(folder);
    }

    private static void put(CheckpointWriter writer, String name, byte[] content) throws IOException {
        try (OutputStream out = writer.create(name)) {
            out.write(content);
        }
    }

    private static void weights(OutputStream out, Stdit2Config config, long seed) throws IOException {
        Map<String, ParameterLayout.Slot> slots = config.layout().slots();
        SafetensorsWriter.Builder builder = SafetensorsWriter.builder().metadata("format", "pt");
        builder.tensor("y_embedder.y_embedding", DataType.F32, SLOTS, TEXT_WIDTH);
        slots.forEach(
                (name, slot) -> builder.tensor(name, DataType.F32, slot.spec().shape()));
        try (SafetensorsWriter file = builder.writeTo(out)) {
            file.write("y_embedder.y_embedding", FloatBuffer.wrap(new float[SLOTS * TEXT_WIDTH]));
            for (Map.Entry<String, ParameterLayout.Slot> entry : slots.entrySet()) {
                long[] shape = entry.getValue().spec().shape();
                float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
                KeyedRandom.of(seed, 0, entry.getKey().hashCode(), Purpose.INITIALISATION)
                        .fillNormal(values, 0, values.length);
                float scale = (float) (1 / Math.sqrt((double) shape[shape.length - 1]));
                for (int i = 0; i < values.length; i++) {
                    values[i] *= scale;
                }
                file.write(entry.getKey(), FloatBuffer.wrap(values));
            }
            file.commit();
        }
    }
}
