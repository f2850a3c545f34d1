// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.features;

import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.ParquetRows;
import io.sparkreel.model.autoencoder.LatentDistribution;
import io.sparkreel.model.checkpoint.safetensors.DataType;
import io.sparkreel.model.checkpoint.safetensors.SafetensorsWriter;
import io.sparkreel.model.torch.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** Encoded clips that are gathered and then written as one safetensors file and one file of the index. */
public final class FeatureShard {
    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType("""
            message features {
              required int64 clip_id;
              required int32 height_px;
              required int32 width_px;
              required int32 bucket_frames;
              required int32 window;
              required int64 content;
              required binary feature_file (STRING);
              required int64 feature_offset;
              required int32 feature_values;
              required boolean feature_varies;
              required int32 feature_tokens;
            }""");
    private static final long FULL_BYTES = 64L << 20;
    private static final int FULL_ENTRIES = 256;

    /**
     * An encoded window of a clip.
     *
     * @param text features of the caption's tokens, [tokens, width], without padding
     */
    public record Entry(
            long clipId,
            int height,
            int width,
            int frames,
            int window,
            long content,
            LatentDistribution latent,
            float[] text,
            int tokens) {
        long values() {
            return (latent.logVariance() == null ? 1L : 2L) * latent.mean().length + text.length;
        }
    }

    private final HadoopStorage folder;
    private final Configuration hadoop;
    private final DataType type;
    private final List<Entry> entries = new ArrayList<>();
    private long bytes;

    public FeatureShard(HadoopStorage folder, Configuration hadoop, Precision dtype) {
        this.folder = folder;
        this.hadoop = hadoop;
        type = type(dtype);
    }

    static DataType type(Precision dtype) {
        return dtype == Precision.BF16 ? DataType.BF16 : DataType.F32;
    }

    /** Takes an entry, and writes what there is once it is enough for a file. */
    public void add(Entry entry) throws IOException {
        entries.add(entry);
        bytes += entry.values() * type.bytes();
        if (bytes >= FULL_BYTES || entries.size() >= FULL_ENTRIES) {
            flush();
        }
    }

    /** Writes what there is. */
    public void flush() throws IOException {
        if (entries.isEmpty()) {
            return;
        }
        String name = UUID.randomUUID().toString();
        String file = FeatureCache.SHARDS + "/" + name + ".safetensors";
        long position = write(file);
        writeIndex(name, file, position);
        entries.clear();
        bytes = 0;
    }

    /** Writes the tensors of each entry one after the other; returns where in the file the first one begins. */
    private long write(String file) throws IOException {
        SafetensorsWriter.Builder builder = SafetensorsWriter.builder();
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            builder.tensor(i + ".mean", type, entry.latent().mean().length);
            if (entry.latent().logVariance() != null) {
                builder.tensor(i + ".log_variance", type, entry.latent().mean().length);
            }
            builder.tensor(i + ".text", type, entry.tokens(), entry.text().length / entry.tokens());
        }
        ByteArrayOutputStream content = new ByteArrayOutputStream((int) bytes + (1 << 16));
        try (SafetensorsWriter writer = builder.writeTo(content)) {
            for (int i = 0; i < entries.size(); i++) {
                Entry entry = entries.get(i);
                writer.write(i + ".mean", FloatBuffer.wrap(entry.latent().mean()));
                if (entry.latent().logVariance() != null) {
                    writer.write(
                            i + ".log_variance", FloatBuffer.wrap(entry.latent().logVariance()));
                }
                writer.write(i + ".text", FloatBuffer.wrap(entry.text()));
            }
            writer.commit();
        }
        byte[] whole = content.toByteArray();
        try (OutputStream out = folder.create(file)) {
            out.write(whole);
        }
        return Long.BYTES
                + ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    private void writeIndex(String name, String file, long begin) throws IOException {
        String unfinished = FeatureCache.INDEX + "/_" + name + ".parquet";
        SimpleGroupFactory rows = new SimpleGroupFactory(SCHEMA);
        long offset = begin;
        try (ParquetWriter<Group> writer =
                ParquetRows.writer(new Path(folder.uri(unfinished)), hadoop, SCHEMA, CompressionCodecName.ZSTD)) {
            for (Entry entry : entries) {
                writer.write(rows.newGroup()
                        .append("clip_id", entry.clipId())
                        .append("height_px", entry.height())
                        .append("width_px", entry.width())
                        .append("bucket_frames", entry.frames())
                        .append("window", entry.window())
                        .append("content", entry.content())
                        .append("feature_file", file)
                        .append("feature_offset", offset)
                        .append("feature_values", entry.latent().mean().length)
                        .append("feature_varies", entry.latent().logVariance() != null)
                        .append("feature_tokens", entry.tokens()));
                offset += entry.values() * type.bytes();
            }
        }
        if (!folder.exists(file)) {
            throw new IOException(file + " is gone: another encode job began with the same folder. Run one at a time.");
        }
        folder.rename(unfinished, FeatureCache.INDEX + "/" + name + ".parquet"); // the entries exist from here on
    }
}
