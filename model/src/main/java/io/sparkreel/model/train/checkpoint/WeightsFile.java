// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train.checkpoint;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsWriter;
import io.sparkreel.model.checkpoint.safetensors.TensorInfo;
import io.sparkreel.model.checkpoint.safetensors.TensorSource;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.PublishedNames;
import io.sparkreel.model.optim.FlatParameters;
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

/**
 * Weights of a model as a safetensors file, under the names of the published ones.
 *
 * <p>Beside the parameters it holds the null caption, if the model has one, and what {@link PublishedNames#derived}
 * names.
 */
public final class WeightsFile {
    private static final int MOST_LISTED = 10;
    private static final int CHUNK = 1 << 22;

    private WeightsFile() {}

    /**
     * Writes all tensors in fp32.
     *
     * @param values what is trained, or its EMA, in the layout of {@code weights}; frozen parameters are those of
     *     {@code weights}
     * @param out is closed
     */
    public static void write(OutputStream out, ModelWeights weights, FlatBuffer values) throws IOException {
        write(out, weights, (FloatRange) values::read);
    }

    /** As {@link #write(OutputStream, ModelWeights, FlatBuffer)}, from a copy. */
    static void write(OutputStream out, ModelWeights weights, FloatRange values) throws IOException {
        DenoiserConfig config = weights.config();
        PublishedNames names = config.names();
        FlatParameters parameters = weights.parameters();
        SafetensorsWriter.Builder builder = SafetensorsWriter.builder().metadata("format", "pt");
        if (names.nullCaption() != null) {
            builder.tensor(names.nullCaption(), DataType.F32, config.modelMaxLength(), config.captionChannels());
        }
        names.derived().forEach((name, derived) -> builder.tensor(name, DataType.F32, derived.length));
        parameters
                .all()
                .slots()
                .forEach((name, slot) ->
                        builder.tensor(name, DataType.F32, slot.spec().shape()));
        try (SafetensorsWriter writer = builder.writeTo(out)) {
            if (names.nullCaption() != null) {
                writer.write(names.nullCaption(), FloatBuffer.wrap(weights.nullCaption()));
            }
            for (Map.Entry<String, float[]> derived : names.derived().entrySet()) {
                writer.write(derived.getKey(), FloatBuffer.wrap(derived.getValue()));
            }
            for (String name : parameters.all().slots().keySet()) {
                ParameterLayout.Slot trained = parameters.layout().slots().get(name);
                FloatRange source = trained == null ? (begin, target) -> parameters.read(name, begin, target) : values;
                long begin = trained == null ? 0 : trained.begin();
                long count = parameters.all().slot(name).spec().elements();
                writeRange(writer, name, source, begin, count);
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

    /**
     * Reads weights of any floating type.
     *
     * <p>The null caption of a model with fewer slots is continued with its last row, that of one with more
     * is cut.
     *
     * @throws InvalidInputException if a tensor is missing, unknown or of another shape
     */
    public static void read(TensorSource reader, ModelWeights weights) throws IOException {
        check(reader, weights);
        readNullCaption(reader, weights);
        FlatParameters parameters = weights.parameters();
        for (ParameterLayout.Slot slot : parameters.all().slots().values()) {
            String name = slot.spec().name();
            Shard.Part whole = new Shard.Part(0, 0, slot.spec().elements());
            readRange(
                    reader,
                    name,
                    whole,
                    Shard.whole(whole.elements()),
                    (begin, values) -> parameters.write(name, begin, values));
        }
    }

    /**
     * Reads the values of parameters that are trained, of those that {@code kept} keeps.
     *
     * @param values takes them, in the layout of what is trained
     */
    static void read(TensorSource reader, ModelWeights weights, Shard kept, FloatSink values) throws IOException {
        check(reader, weights);
        readNullCaption(reader, weights);
        for (ParameterLayout.Slot slot : weights.parameters().layout().slots().values()) {
            Shard.Part part = new Shard.Part(slot.begin(), 0, slot.spec().elements());
            readRange(reader, slot.spec().name(), part, kept, values);
        }
    }

    /** Before the parameters, as in the file that is written: one that is read front to back is read once. */
    private static void readNullCaption(TensorSource reader, ModelWeights weights) throws IOException {
        String name = weights.config().names().nullCaption();
        if (name == null) {
            return;
        }
        float[] stored = reader.floats(name);
        float[] target = weights.nullCaption();
        int width = weights.config().captionChannels();
        for (int row = 0; row < target.length / width; row++) {
            int source = Math.min(row, stored.length / width - 1);
            System.arraycopy(stored, source * width, target, row * width, width);
        }
    }

    private static void check(TensorSource reader, ModelWeights weights) {
        Map<String, TensorInfo> found = reader.tensors();
        PublishedNames names = weights.config().names();
        Map<String, ParameterLayout.Slot> wanted = weights.parameters().all().slots();
        List<String> problems = new ArrayList<>();
        wanted.forEach((name, slot) -> {
            TensorInfo tensor = found.get(name);
            if (tensor == null) {
                problems.add("no " + name);
            } else if (!isStoredAs(names, name, tensor.shape(), slot.spec().shape())) {
                problems.add(name + " is " + Arrays.toString(tensor.shape()) + " and not "
                        + Arrays.toString(slot.spec().shape()));
            }
        });
        if (names.nullCaption() != null) {
            checkNullCaption(
                    names.nullCaption(),
                    found.get(names.nullCaption()),
                    weights.config().captionChannels(),
                    problems);
        }
        for (String name : found.keySet()) {
            if (!wanted.containsKey(name)
                    && !name.equals(names.nullCaption())
                    && !names.ignored().contains(name)) {
                problems.add("unknown " + name);
            }
        }
        if (!problems.isEmpty()) {
            String more = problems.size() > MOST_LISTED ? " and " + (problems.size() - MOST_LISTED) + " more" : "";
            throw new InvalidInputException("Cannot load the weights: "
                    + String.join(", ", problems.subList(0, Math.min(MOST_LISTED, problems.size()))) + more
                    + ". Give weights of " + names.model() + " of these sizes: " + weights.config() + ".");
        }
    }

    private static void checkNullCaption(String name, TensorInfo stored, int width, List<String> problems) {
        if (stored == null) {
            problems.add("no " + name);
        } else if (stored.shape().length != 2 || stored.shape()[0] == 0 || stored.shape()[1] != width) {
            problems.add(name + " is " + Arrays.toString(stored.shape()) + " and not [slots, " + width + "]");
        }
    }

    private static boolean isStoredAs(PublishedNames names, String name, long[] found, long[] wanted) {
        return Arrays.equals(found, wanted) || names.shapes().accept(name, found, wanted);
    }
}
