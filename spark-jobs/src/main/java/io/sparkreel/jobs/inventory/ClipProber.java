// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import io.sparkreel.bucketing.bucket.ClipId;
import io.sparkreel.bucketing.media.FrameCount;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.Verify;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/** Probes media files in the executors: each file becomes a clip, or a row of the quarantine. */
public final class ClipProber implements MapFunction<Row, Row>, Serializable {
    /** Columns of the {@code clips} table. */
    public static final StructType CLIPS = new StructType()
            .add("clip_id", DataTypes.LongType, false)
            .add("uri", DataTypes.StringType, false)
            .add("kind", DataTypes.StringType)
            .add("width", DataTypes.IntegerType)
            .add("height", DataTypes.IntegerType)
            .add("rotation", DataTypes.IntegerType)
            .add("num_frames", DataTypes.IntegerType)
            .add("fps", DataTypes.DoubleType)
            .add("duration_s", DataTypes.DoubleType)
            .add("codec", DataTypes.StringType)
            .add("bytes", DataTypes.LongType, false)
            .add("mtime", DataTypes.TimestampType, false)
            .add("caption", DataTypes.StringType)
            .add("keyframe_interval", DataTypes.IntegerType);

    /** Columns of the {@code quarantine} table. */
    public static final StructType QUARANTINE = new StructType()
            .add("uri", DataTypes.StringType, false)
            .add("stage", DataTypes.StringType, false)
            .add("reason", DataTypes.StringType, false)
            .add("detail", DataTypes.StringType)
            .add("when", DataTypes.TimestampType, false);

    private static final StructType PROBED = CLIPS.add("reason", DataTypes.StringType).add("detail", DataTypes.StringType);

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_CAPTION = 1 << 16;

    private final Broadcast<SerializableConfiguration> configuration;
    private final FrameCount frameCount;
    private final Verify verify;
    private final LongAccumulator probed;

    private ClipProber(Broadcast<SerializableConfiguration> configuration, ProbeOptions options, LongAccumulator probed) {
        this.configuration = configuration;
        frameCount = options.frameCount();
        verify = options.verify();
        this.probed = probed;
    }

    /**
     * @param files as {@link MediaInventory} lists them
     * @param probed counts files as they are done
     * @return the columns of {@link #CLIPS}, and {@code reason} and {@code detail}, which are null for a clip that
     *     could be read
     */
    public static Dataset<Row> probe(Dataset<Row> files, Broadcast<SerializableConfiguration> configuration,
            ProbeOptions options, LongAccumulator probed) {
        return files.map(new ClipProber(configuration, options, probed), Encoders.row(PROBED));
    }

    @Override
    public Row call(Row file) {
        String uri = file.getAs("uri");
        long bytes = file.getAs("bytes");
        long clipId = ClipId.of(file.getAs("path"), bytes);
        Configuration hadoop = configuration.value().value();
        try (HadoopMediaSource source = HadoopMediaSource.open(hadoop, uri, bytes)) {
            MediaInfo info = MediaProbe.probe(source, new ProbeOptions(frameCount, verify));
            return RowFactory.create(clipId, uri, info.kind().name().toLowerCase(Locale.ROOT), info.width(),
                    info.height(), info.rotation(), info.numFrames(), info.fps(), info.durationSeconds(), info.codec(),
                    bytes, file.getAs("mtime"), caption(hadoop, file.getAs("caption_uri")), info.keyframeInterval(),
                    null, null);
        } catch (MediaException e) {
            return refused(file, clipId, e.problem(), e.getMessage());
        } catch (IOException e) {
            return refused(file, clipId, MediaProblem.READ_ERROR, e.toString());
        } finally {
            probed.add(1);
        }
    }

    private static Row refused(Row file, long clipId, MediaProblem problem, String detail) {
        return RowFactory.create(clipId, file.getAs("uri"), null, null, null, null, null, null, null, null,
                file.getAs("bytes"), file.getAs("mtime"), null, null, problem.tableValue(), detail);
    }

    /** The stripped text of the caption file; empty where there is none. */
    private static String caption(Configuration hadoop, String uri) throws IOException {
        if (uri == null) {
            return "";
        }
        Path path = new Path(uri);
        try (InputStream in = path.getFileSystem(hadoop).open(path)) {
            return new String(in.readNBytes(LONGEST_CAPTION), StandardCharsets.UTF_8).strip();
        }
    }
}
