// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsWriter;
import io.sparkreel.model.checkpoint.safetensors.TensorInfo;
import io.sparkreel.model.checkpoint.safetensors.TensorSource;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import io.sparkreel.model.optim.Shard;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.train.ModelWeights;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Weights of an STDiT2 as a safetensors file, under the names of the published ones.
 *
 * <p>Beside the parameters it holds the null caption, and the rotary frequencies, which follow from the
 * sizes and are written because stock readers of these weights expect them.
 */
public final class WeightsFile {
    private static final String NULL_CAPTION = "y_embedder.y_embedding";
    private static final String ROTARY_FREQUENCIES = "rope.freqs";
    private static final String PATCH_PROJECTION = "x_embedder.proj.weight";
    /** Present in the weights of earlier models; positions are computed here. */
    private static final Set<String> DERIVED = Set.of(ROTARY_FREQUENCIES, "pos_embed", "pos_embed_temporal");

    private static final int MOST_LISTED = 10;
    private static final int CHUNK = 1 << 22;

    private WeightsFile() {}

    /**
     * Writes all tensors in fp32.
     *
     * @param values the parameters, or their average, in the layout of {@code weights}
     * @param out is closed
     */
    public static void write(OutputStream out, ModelWeights weights, FlatBuffer values) throws IOException {
        write(out, weights, (FloatRange) values::read);
    }

    /** As {@link #write(OutputStream, ModelWeights, FlatBuffer)}, from a copy. */
    static void write(OutputStream out, ModelWeights weights, FloatRange values) throws IOException {
        Stdit2Config config = weights.config();
        ParameterLayout layout = weights.parameters().layout();
        SafetensorsWriter.Builder builder = SafetensorsWriter.builder().metadata("format", "pt");
        builder.tensor(NULL_CAPTION, DataType.F32, config.modelMaxLength(), config.captionChannels());
        builder.tensor(ROTARY_FREQUENCIES, DataType.F32, config.headSize() / 2);
        layout.slots()
                .forEach((name, slot) ->
                        builder.tensor(name, DataType.F32, slot.spec().shape()));
        try (SafetensorsWriter writer = builder.writeTo(out)) {
            writer.write(NULL_CAPTION, FloatBuffer.wrap(weights.nullCaption()));
            writer.write(ROTARY_FREQUENCIES, FloatBuffer.wrap(rotaryFrequencies(config)));
            for (Map.Entry<String, ParameterLayout.Slot> entry : layout.slots().entrySet()) {
                writeRange(
                        writer,
                        entry.getKey(),
                        values,
                        entry.getValue().begin(),
                        entry.getValue().spec().elements());
            }
            writer.commit();
        }
    }

    static void writeRange(SafetensorsWriter writer, String name, FloatRange values, long begin, long count)
            throws IOException {
        for (long done = 0; done < count; ) {
            FloatBuffer chunk = FloatBuffer.allocate((int) Math.min(CHUNK, count - done));
            values.read(begin + done, chunk);
            done += chunk.flip().remaining();
            writer.write(name, chunk);
        }
    }

    /** Where values go that are read: those from element {@code begin} on. */
    interface FloatSink {
        void write(long begin, FloatBuffer values);
    }

    /**
     * Reads those elements of a tensor that {@code kept} keeps, and no others.
     *
     * @param part the elements of the model's vector that the tensor holds, from its element {@code part.local()} on
     */
    static void readRange(TensorSource reader, String name, Shard.Part part, Shard kept, FloatSink values)
            throws IOException {
        for (Shard.Part wanted : kept.within(part.begin(), part.elements())) {
            long first = part.local() + wanted.begin() - part.begin();
            for (long done = 0; done < wanted.elements(); ) {
                FloatBuffer chunk = FloatBuffer.allocate((int) Math.min(CHUNK, wanted.elements() - done));
                reader.readFloats(name, first + done, chunk);
                chunk.flip();
                int length = chunk.remaining();
                values.write(wanted.begin() + done, chunk);
                done += length;
            }
        }
    }

    private static float[] rotaryFrequencies(Stdit2Config config) {
        float[] frequencies = new float[config.headSize() / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = (float) Math.pow(10_000, -2.0 * i / config.headSize());
        }
        return frequencies;
    }

    /**
     * Reads weights of any floating type.
     *
     * <p>The null caption of a model with fewer slots is continued with its last row, that of one with more
     * is cut; the patch projection of an image model gets a time axis.
     *
     * @param values where the parameters go, in the layout of {@code weights}
     * @throws InvalidInputException if a tensor is missing, unknown or of another shape
     */
    public static void read(TensorSource reader, ModelWeights weights, FlatBuffer values) throws IOException {
        read(reader, weights, Shard.whole(weights.parameters().layout().elements()), values::write);
    }

    /** As {@link #read(TensorSource, ModelWeights, FlatBuffer)}, of the parameters that {@code kept} keeps. */
    static void read(TensorSource reader, ModelWeights weights, Shard kept, FloatSink values) throws IOException {
        check(reader, weights);
        // In the order of the file that write makes, so that one that is read front to back is read once.
        float[] stored = reader.floats(NULL_CAPTION);
        float[] target = weights.nullCaption();
        int width = weights.config().captionChannels();
        for (int row = 0; row < target.length / width; row++) {
            int source = Math.min(row, stored.length / width - 1);
            System.arraycopy(stored, source * width, target, row * width, width);
        }
        for (Map.Entry<String, ParameterLayout.Slot> entry :
                weights.parameters().layout().slots().entrySet()) {
            ParameterLayout.Slot slot = entry.getValue();
            readRange(
                    reader,
                    entry.getKey(),
                    new Shard.Part(slot.begin(), 0, slot.spec().elements()),
                    kept,
                    values);
        }
    }

    private static void check(TensorSource reader, ModelWeights weights) {
        Map<String, TensorInfo> found = reader.tensors();
        Map<String, ParameterLayout.Slot> wanted = weights.parameters().layout().slots();
        List<String> problems = new ArrayList<>();
        wanted.forEach((name, slot) -> {
            TensorInfo tensor = found.get(name);
            if (tensor == null) {
                problems.add("no " + name);
            } else if (!sameShape(name, tensor.shape(), slot.spec().shape())) {
                problems.add(name + " is " + Arrays.toString(tensor.shape()) + " and not "
                        + Arrays.toString(slot.spec().shape()));
            }
        });
        TensorInfo nullCaption = found.get(NULL_CAPTION);
        if (nullCaption == null) {
            problems.add("no " + NULL_CAPTION);
        } else if (nullCaption.shape().length != 2
                || nullCaption.shape()[0] == 0
                || nullCaption.shape()[1] != weights.config().captionChannels()) {
            problems.add(NULL_CAPTION + " is " + Arrays.toString(nullCaption.shape()) + " and not [slots, "
                    + weights.config().captionChannels() + "]");
        }
        for (String name : found.keySet()) {
            if (!wanted.containsKey(name) && !name.equals(NULL_CAPTION) && !DERIVED.contains(name)) {
                problems.add("unknown " + name);
            }
        }
        if (!problems.isEmpty()) {
            String more = problems.size() > MOST_LISTED ? " and " + (problems.size() - MOST_LISTED) + " more" : "";
            throw new InvalidInputException("Cannot load the weights: "
                    + String.join(", ", problems.subList(0, Math.min(MOST_LISTED, problems.size()))) + more
                    + ". Give weights of an STDiT2 of these sizes: " + weights.config() + ".");
        }
    }

    private static boolean sameShape(String name, long[] found, long[] wanted) {
        if (name.equals(PATCH_PROJECTION) && found.length == 4 && wanted[2] == 1) {
            return Arrays.equals(found, new long[] {wanted[0], wanted[1], wanted[3], wanted[4]});
        }
        return Arrays.equals(found, wanted);
    }
}
