// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.loader;

import io.sparkreel.jobs.loader.StepLoader.SampleShape;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.autoencoder.LatentDistribution;
import io.sparkreel.model.checkpoint.safetensors.HalfPrecision;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.train.Sample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/** Reads encoded clips and samples their latents. Safe for several threads. */
public final class FeatureReader {
    private final Configuration hadoop;
    private final String folder;
    private final Precision dtype;
    private final SampleShape shape;
    private final long seed;

    /** @param seed of the draws of latents */
    public FeatureReader(Configuration hadoop, String folder, Precision dtype, SampleShape shape, long seed)
            throws IOException {
        this.hadoop = hadoop;
        this.folder = new HadoopStorage(hadoop, folder).uri("");
        this.dtype = dtype;
        this.shape = shape;
        this.seed = seed;
    }

    /** The sample of a clip in its epoch; its features must be stored. */
    Sample read(PlannedClip clip) throws IOException {
        PlannedClip.Features stored = clip.features();
        int textValues = stored.tokens() * shape.textWidth();
        float[] values = new float[(stored.varies() ? 2 : 1) * stored.values() + textValues];
        byte[] bytes = new byte[values.length * (dtype == Precision.BF16 ? Short.BYTES : Float.BYTES)];
        Path file = new Path(folder, stored.file());
        try (FSDataInputStream in = file.getFileSystem(hadoop).open(file)) {
            in.readFully(stored.offset(), bytes);
        }
        decode(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), values);
        float[] logVariance = stored.varies() ? Arrays.copyOfRange(values, stored.values(), 2 * stored.values()) : null;
        LatentDistribution latent = new LatentDistribution(Arrays.copyOf(values, stored.values()), logVariance);
        float[] text = new float[shape.textSlots() * shape.textWidth()];
        System.arraycopy(values, values.length - textValues, text, 0, textValues);
        boolean[] mask = new boolean[shape.textSlots()];
        Arrays.fill(mask, 0, stored.tokens(), true);
        return ClipEncoder.sample(clip, latent.draw(ClipEncoder.noise(clip, seed)), text, mask);
    }

    private void decode(ByteBuffer bytes, float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = dtype == Precision.BF16 ? HalfPrecision.fromBf16(bytes.getShort()) : bytes.getFloat();
        }
    }
}
