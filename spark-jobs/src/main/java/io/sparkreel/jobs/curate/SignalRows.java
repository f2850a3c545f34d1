// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.FrameSignals.Samples;
import io.sparkreel.bucketing.curate.signal.Timeline;
import java.sql.Timestamp;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Signals as rows of the table {@link CurateTables#SIGNALS}. */
final class SignalRows {
    private SignalRows() {}

    /** Facts that signals do not hold. */
    record Facts(String codec, int rotation) {}

    /** Of a video that was measured. */
    static Row measured(Row file, Facts facts, FrameSignals signals) {
        Timeline timeline = signals.timeline();
        Samples samples = signals.samples();
        return RowFactory.create(
                file.getAs("uri"),
                file.getAs("bytes"),
                file.getAs("mtime"),
                facts.codec(),
                signals.width(),
                signals.height(),
                facts.rotation(),
                signals.frames(),
                timeline.duration(),
                timeline.fps(),
                timeline.isVariable(),
                timeline.numerator(),
                timeline.denominator(),
                timeline.pts(),
                signals.hue(),
                signals.saturation(),
                signals.value(),
                signals.edges(),
                signals.histogram(),
                signals.hash(),
                signals.soft(),
                signals.colour(),
                signals.luma(),
                signals.dark(),
                signals.bright(),
                signals.black(),
                signals.still(),
                signals.motion(),
                signals.keyframes(),
                signals.damaged(),
                samples.frame(),
                samples.left(),
                samples.right(),
                samples.top(),
                samples.bottom(),
                samples.sharpness(),
                samples.combed(),
                samples.phash(),
                null,
                null,
                null);
    }

    /** Of a video that could not be measured. */
    static Row refused(Row file, String reason, String detail, Timestamp when) {
        Object[] values = new Object[CurateTables.SIGNALS.length()];
        values[0] = file.getAs("uri");
        values[1] = file.getAs("bytes");
        values[2] = file.getAs("mtime");
        values[values.length - 3] = reason;
        values[values.length - 2] = detail;
        values[values.length - 1] = when;
        return RowFactory.create(values);
    }

    /** The signals of a row that was measured. */
    static FrameSignals of(Row row) {
        return new FrameSignals(
                new Timeline(
                        longs(row, "pts"),
                        row.<Integer>getAs("time_base_num"),
                        row.<Integer>getAs("time_base_den"),
                        row.<Double>getAs("fps")),
                row.<Integer>getAs("width"),
                row.<Integer>getAs("height"),
                floats(row, "hue"),
                floats(row, "saturation"),
                floats(row, "value"),
                floats(row, "edges"),
                floats(row, "histogram"),
                floats(row, "hash"),
                floats(row, "soft"),
                floats(row, "colour"),
                floats(row, "luma"),
                row.getAs("luma_low"),
                row.getAs("luma_high"),
                floats(row, "black"),
                floats(row, "still"),
                floats(row, "motion"),
                ints(row, "keyframes"),
                ints(row, "damaged"),
                new Samples(
                        ints(row, "sample_frame"),
                        ints(row, "sample_left"),
                        ints(row, "sample_right"),
                        ints(row, "sample_top"),
                        ints(row, "sample_bottom"),
                        floats(row, "sample_sharpness"),
                        row.getAs("sample_combed"),
                        longs(row, "sample_phash")));
    }

    private static float[] floats(Row row, String column) {
        List<Float> list = row.getList(row.fieldIndex(column));
        float[] values = new float[list.size()];
        int at = 0;
        for (float value : list) {
            values[at++] = value;
        }
        return values;
    }

    private static int[] ints(Row row, String column) {
        return row.<Integer>getList(row.fieldIndex(column)).stream()
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static long[] longs(Row row, String column) {
        return row.<Long>getList(row.fieldIndex(column)).stream()
                .mapToLong(Long::longValue)
                .toArray();
    }
}
