// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.io.Serializable;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * What came of one sample: a row of the {@code results} table.
 *
 * @param promptId place of the prompt in its table, from 0
 * @param sample which of the prompt's samples, from 0
 * @param prompt the text as given
 * @param uri of the file, or null
 * @param seed of its draws
 * @param numFrames frames of the file, 0 if it was not known
 * @param fps that the file plays at, 0 if it was not known
 * @param height of the file in pixels, or null
 * @param width of the file in pixels, or null
 * @param seconds of work it took
 * @param status "ok" or "failed"
 * @param error why it failed, or null
 * @param fingerprint of all that makes the clip what it is
 * @param settings of the sample in words
 */
record ClipResult(
        long promptId,
        int sample,
        String prompt,
        String uri,
        long seed,
        int numFrames,
        int fps,
        Integer height,
        Integer width,
        double seconds,
        String status,
        String error,
        String fingerprint,
        String settings)
        implements Serializable {
    /** Columns of the table. */
    static final StructType COLUMNS = new StructType()
            .add("prompt_id", DataTypes.LongType, false)
            .add("sample", DataTypes.IntegerType, false)
            .add("prompt", DataTypes.StringType, false)
            .add("uri", DataTypes.StringType)
            .add("seed", DataTypes.LongType, false)
            .add("num_frames", DataTypes.IntegerType, false)
            .add("fps", DataTypes.IntegerType, false)
            .add("height", DataTypes.IntegerType)
            .add("width", DataTypes.IntegerType)
            .add("seconds", DataTypes.DoubleType, false)
            .add("status", DataTypes.StringType, false)
            .add("error", DataTypes.StringType)
            .add("fingerprint", DataTypes.StringType)
            .add("settings", DataTypes.StringType);

    /** Identity of a sample within an output folder. */
    record Key(long promptId, int sample) {}

    static ClipResult failed(long promptId, int sample, String prompt, long seed, String error, String fingerprint) {
        return new ClipResult(
                promptId, sample, prompt, null, seed, 0, 0, null, null, 0, "failed", error, fingerprint, null);
    }

    static ClipResult of(Row row) {
        return new ClipResult(
                row.getLong(0),
                row.getInt(1),
                row.getString(2),
                row.getString(3),
                row.getLong(4),
                row.getInt(5),
                row.getInt(6),
                row.isNullAt(7) ? null : row.getInt(7),
                row.isNullAt(8) ? null : row.getInt(8),
                row.getDouble(9),
                row.getString(10),
                row.getString(11),
                row.getString(12),
                row.getString(13));
    }

    @JsonIgnore
    Key key() {
        return new Key(promptId, sample);
    }

    @JsonIgnore
    boolean isOk() {
        return status.equals("ok");
    }

    /** The file's name in the output folder, or null. */
    @JsonIgnore
    String fileName() {
        return uri == null ? null : uri.substring(uri.lastIndexOf('/') + 1);
    }
}
