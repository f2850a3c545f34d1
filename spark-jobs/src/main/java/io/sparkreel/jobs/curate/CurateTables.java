// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The columns of the tables of a curation run. */
final class CurateTables {
    private static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType, false);
    private static final DataType INTS = DataTypes.createArrayType(DataTypes.IntegerType, false);
    private static final DataType LONGS = DataTypes.createArrayType(DataTypes.LongType, false);

    /** What tells a video in its present state. */
    private static final StructType STATE = new StructType()
            .add("uri", DataTypes.StringType, false)
            .add("bytes", DataTypes.LongType)
            .add("mtime", DataTypes.TimestampType);

    /** What is known of a video as a whole. */
    private static final StructType FACTS = new StructType()
            .add("codec", DataTypes.StringType)
            .add("width", DataTypes.IntegerType)
            .add("height", DataTypes.IntegerType)
            .add("rotation", DataTypes.IntegerType)
            .add("frames", DataTypes.IntegerType)
            .add("duration_s", DataTypes.DoubleType)
            .add("fps", DataTypes.DoubleType)
            .add("vfr", DataTypes.BooleanType)
            .add("content_hash", DataTypes.StringType)
            .add("packet_hash", DataTypes.StringType);

    /**
     * The {@code signals} table: a row for each video that was opened, with one entry a frame in each array, but for
     * those that begin with {@code sample}. {@code reason} is null where the video could be measured.
     */
    static final StructType SIGNALS = all(STATE, FACTS)
            .add("time_base_num", DataTypes.IntegerType)
            .add("time_base_den", DataTypes.IntegerType)
            .add("pts", LONGS)
            .add("hue", FLOATS)
            .add("saturation", FLOATS)
            .add("value", FLOATS)
            .add("edges", FLOATS)
            .add("histogram", FLOATS)
            .add("hash", FLOATS)
            .add("soft", FLOATS)
            .add("colour", FLOATS)
            .add("luma", FLOATS)
            .add("luma_low", DataTypes.BinaryType)
            .add("luma_high", DataTypes.BinaryType)
            .add("black", FLOATS)
            .add("still", FLOATS)
            .add("motion", FLOATS)
            .add("keyframes", INTS)
            .add("damaged", INTS)
            .add("sample_frame", INTS)
            .add("sample_left", INTS)
            .add("sample_right", INTS)
            .add("sample_top", INTS)
            .add("sample_bottom", INTS)
            .add("sample_sharpness", FLOATS)
            .add("sample_combed", DataTypes.BinaryType)
            .add("sample_phash", LONGS)
            .add("reason", DataTypes.StringType)
            .add("detail", DataTypes.StringType)
            .add("when", DataTypes.TimestampType);

    /**
     * Signals of parts of long videos until they are joined. {@code from_pts} is null in the first part, {@code
     * until_pts} in the last one, and {@code fps} is what the container says, 0 where it says nothing.
     */
    static final StructType PARTS = all(
            SIGNALS,
            new StructType()
                    .add("first_pts", DataTypes.LongType)
                    .add("from_pts", DataTypes.LongType)
                    .add("until_pts", DataTypes.LongType)
                    .add("settled_from", DataTypes.IntegerType)
                    .add("still_after", FLOATS));

    /** The {@code videos} table. {@code problem} is null for a video that was cut. */
    static final StructType VIDEOS = all(
            new StructType().add("video_id", DataTypes.LongType).add("path", DataTypes.StringType, false),
            all(STATE, FACTS).add("problem", DataTypes.StringType));

    /** The {@code shots} table: every frame of a video is in one of its shots. */
    static final StructType SHOTS = new StructType()
            .add("video_id", DataTypes.LongType, false)
            .add("uri", DataTypes.StringType, false)
            .add("shot", DataTypes.IntegerType, false)
            .add("start_frame", DataTypes.IntegerType, false)
            .add("end_frame", DataTypes.IntegerType, false)
            .add("start_pts", DataTypes.LongType, false)
            .add("end_pts", DataTypes.LongType, false)
            .add("time_base_num", DataTypes.IntegerType, false)
            .add("time_base_den", DataTypes.IntegerType, false)
            .add("begins_by", DataTypes.StringType, false)
            .add("ends_by", DataTypes.StringType, false);

    /** What is to be measured: files, and of long ones their parts. */
    static final StructType PIECES = all(
            STATE,
            new StructType()
                    .add("first_pts", DataTypes.LongType)
                    .add("from_pts", DataTypes.LongType)
                    .add("until_pts", DataTypes.LongType));

    /** Clips before they are judged, and before captions are joined. A picture has its names alone. */
    static final StructType CUT = cut();

    private CurateTables() {}

    private static StructType cut() {
        StructType names = new StructType()
                .add("clip_id", DataTypes.LongType, false)
                .add("video_id", DataTypes.LongType, false)
                .add("kind", DataTypes.StringType, false)
                .add("path", DataTypes.StringType, false)
                .add("uri", DataTypes.StringType, false)
                .add("shot", DataTypes.IntegerType)
                .add("start_frame", DataTypes.IntegerType)
                .add("end_frame", DataTypes.IntegerType)
                .add("start_s", DataTypes.DoubleType)
                .add("end_s", DataTypes.DoubleType)
                .add("num_frames", DataTypes.IntegerType)
                .add("fps", DataTypes.DoubleType)
                .add("width", DataTypes.IntegerType)
                .add("height", DataTypes.IntegerType)
                .add("crop_x", DataTypes.IntegerType)
                .add("crop_y", DataTypes.IntegerType)
                .add("crop_w", DataTypes.IntegerType)
                .add("crop_h", DataTypes.IntegerType);
        return all(names, VerdictColumns.MEASURES);
    }

    private static StructType all(StructType one, StructType other) {
        StructType all = one;
        for (var field : other.fields()) {
            all = all.add(field);
        }
        return all;
    }
}
