// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.jobs.storage.ParquetRows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** Writes results as one Parquet file, which is put in its place in one step on every store. */
final class ResultsFile {
    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType("""
            message results {
              required int64 prompt_id;
              required int32 sample;
              required binary prompt (STRING);
              optional binary uri (STRING);
              required int64 seed;
              required int32 num_frames;
              required int32 fps;
              optional int32 height;
              optional int32 width;
              required double seconds;
              required binary status (STRING);
              optional binary error (STRING);
              optional binary fingerprint (STRING);
              optional binary settings (STRING);
            }
            """);

    private ResultsFile() {}

    /** @param file that does not exist yet */
    static void write(List<ClipResult> results, Path file) throws IOException {
        SimpleGroupFactory rows = new SimpleGroupFactory(SCHEMA);
        try (ParquetWriter<Group> writer = ParquetRows.writer(
                new org.apache.hadoop.fs.Path(file.toUri()),
                new Configuration(),
                SCHEMA,
                CompressionCodecName.SNAPPY)) {
            for (ClipResult result : results) {
                writer.write(row(rows, result));
            }
        }
    }

    private static Group row(SimpleGroupFactory rows, ClipResult result) {
        Group row = rows.newGroup()
                .append("prompt_id", result.promptId())
                .append("sample", result.sample())
                .append("seed", result.seed())
                .append("num_frames", result.numFrames())
                .append("fps", result.fps())
                .append("seconds", result.seconds())
                .append("status", result.status());
        append(row, "prompt", result.prompt());
        append(row, "uri", result.uri());
        append(row, "error", result.error());
        append(row, "fingerprint", result.fingerprint());
        append(row, "settings", result.settings());
        if (result.height() != null) {
            row.append("height", result.height()).append("width", result.width());
        }
        return row;
    }

    private static void append(Group row, String column, String text) {
        if (text != null) {
            // Of bytes: Parquet's own conversion refuses texts with half a character, which anybody may write.
            row.append(column, Binary.fromConstantByteArray(text.getBytes(StandardCharsets.UTF_8)));
        }
    }
}
