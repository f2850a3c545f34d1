// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.dataset;

import java.util.List;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The columns of the tables on the way from files to clips. */
public final class ClipTables {
    /**
     * Files, or parts of files, to look at. {@code path} names a clip below its root, or, where {@code named}, is the
     * table's own name of it; {@code given_*} is what a metadata table says, {@code part} what of the file it asks for;
     * {@code problem} is why a row cannot be used. Without a problem, {@code bytes} and {@code mtime} are not null.
     */
    public static final StructType INVENTORY = new StructType()
            .add("table_row", DataTypes.LongType)
            .add("path", DataTypes.StringType, false)
            .add("uri", DataTypes.StringType, false)
            .add("bytes", DataTypes.LongType)
            .add("mtime", DataTypes.TimestampType)
            .add("given_caption", DataTypes.StringType)
            .add("caption_uri", DataTypes.StringType)
            .add("caption_mtime", DataTypes.TimestampType)
            .add("given_width", DataTypes.IntegerType)
            .add("given_height", DataTypes.IntegerType)
            .add("given_num_frames", DataTypes.IntegerType)
            .add("given_fps", DataTypes.DoubleType)
            .add("named", DataTypes.BooleanType)
            .add("part", DataTypes.StringType)
            .add("problem", DataTypes.StringType)
            .add("problem_detail", DataTypes.StringType);

    /** What probing finds. */
    static final String[] PROBED_VALUES = {
        "kind", "width", "height", "rotation", "num_frames", "fps", "duration_s", "codec", "keyframe_interval"
    };

    /**
     * The {@code clips} table. {@code table_row} is the position in the metadata table, from 0; {@code from_table}
     * is true where the numbers are those of that table, unchecked; {@code part} is what it asks for of the file.
     */
    public static final StructType CLIPS = ClipParts.addTo(new StructType()
            .add("clip_id", DataTypes.LongType)
            .add("uri", DataTypes.StringType, false)
            .add("kind", DataTypes.StringType)
            .add("width", DataTypes.IntegerType)
            .add("height", DataTypes.IntegerType)
            .add("rotation", DataTypes.IntegerType)
            .add("num_frames", DataTypes.IntegerType)
            .add("fps", DataTypes.DoubleType)
            .add("duration_s", DataTypes.DoubleType)
            .add("codec", DataTypes.StringType)
            .add("bytes", DataTypes.LongType)
            .add("mtime", DataTypes.TimestampType)
            .add("caption", DataTypes.StringType)
            .add("keyframe_interval", DataTypes.IntegerType)
            .add("caption_mtime", DataTypes.TimestampType)
            .add("table_row", DataTypes.LongType)
            .add("from_table", DataTypes.BooleanType)
            .add("part", DataTypes.StringType));

    /** Columns of the clips table that only the next probe needs; the shards go without. */
    public static final List<String> NOT_IN_SHARDS = List.of("caption_mtime", "table_row", "from_table", "part");

    /** Clips and refused files together: {@code reason} is null for a clip. */
    public static final StructType PROBED = CLIPS.add("reason", DataTypes.StringType)
            .add("detail", DataTypes.StringType)
            .add("when", DataTypes.TimestampType);

    /** Columns of every {@code quarantine} table: a file or a part of one that was refused, and why. */
    public static final StructType REFUSED = new StructType()
            .add("uri", DataTypes.StringType, false)
            .add("stage", DataTypes.StringType, false)
            .add("reason", DataTypes.StringType, false)
            .add("detail", DataTypes.StringType)
            .add("when", DataTypes.TimestampType, false)
            .add("part", DataTypes.StringType);

    /** The {@code quarantine} table; {@code bytes} and {@code mtime} tell the next probe whether the file is the same. */
    public static final StructType QUARANTINE =
            REFUSED.add("bytes", DataTypes.LongType).add("mtime", DataTypes.TimestampType);

    private ClipTables() {}
}
