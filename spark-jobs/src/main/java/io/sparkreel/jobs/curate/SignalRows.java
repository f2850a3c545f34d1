// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.FrameSignals.Samples;
import io.sparkreel.bucketing.curate.signal.Part;
import io.sparkreel.bucketing.curate.signal.PartSignals;
import io.sparkreel.bucketing.curate.signal.Timeline;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Signals as rows of the table {@link CurateTables#SIGNALS}. */
final class SignalRows {
    private SignalRows() {}

    /** Facts that signals do not hold; the digests are those of the whole video, and null in all parts but the first. */
    record Facts(String codec, int rotation, String contentHash, String packetHash) {}

    /**
     * Of a video or a part that was measured: a row of {@link CurateTables#PARTS}.
     *
     * @param rate frames a second on average
     */
    static Row measured(Row file, Facts facts, PartSignals part, Part where, double rate) {
        Object[] values = values(file, facts, part.signals(), rate, 5);
        values[values.length - 5] = where.firstPts();
        values[values.length - 4] = where.isFirst() ? null : where.from();
        values[values.length - 3] = where.isLast() ? null : where.until();
        values[values.length - 2] = part.settledFrom();
        values[values.length - 1] = part.stillAfter();
        return RowFactory.create(values);
    }

    private static Object[] values(Row file, Facts facts, FrameSignals signals, double fps, int more) {
        Timeline timeline = signals.timeline();
        Samples samples = signals.samples();
        Object[] values = {
            file.getAs("uri"),
            file.getAs("bytes"),
            file.getAs("mtime"),
            facts.codec(),
            signals.width(),
            signals.height(),
            facts.rotation(),
            signals.frames(),
            timeline.duration(),
            fps,
            timeline.isVariable(),
            facts.contentHash(),
            facts.packetHash(),
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
            null
        };
        return Arrays.copyOf(values, values.length + more);
    }

    /** Where a row of {@link CurateTables#PIECES} begins and ends. */
    static Part part(Row piece) {
        Long first = piece.getAs("first_pts");
        Long from = piece.getAs("from_pts");
        Long until = piece.getAs("until_pts");
        return new Part(
                first == null ? 0 : first,
                from == null ? Part.WHOLE.from() : from,
                until == null ? Part.WHOLE.until() : until);
    }

    /** Of a piece that could not be measured: a row of {@link CurateTables#PARTS}. */
    static Row refused(Row piece, String reason, String detail, Timestamp when) {
        Object[] values = new Object[CurateTables.PARTS.length()];
        for (String column : CurateTables.PIECES.fieldNames()) {
            values[CurateTables.PARTS.fieldIndex(column)] = piece.getAs(column);
        }
        values[CurateTables.PARTS.fieldIndex("reason")] = reason;
        values[CurateTables.PARTS.fieldIndex("detail")] = detail;
        values[CurateTables.PARTS.fieldIndex("when")] = when;
        return RowFactory.create(values);
    }

    /**
     * Joins the parts of a video.
     *
     * @param parts rows of {@link CurateTables#PARTS} of one state of one video; some may overlap
     * @return a row of {@link CurateTables#SIGNALS}; empty where a part is missing
     */
    static Optional<Row> join(List<Row> parts) {
        Map<Long, List<Row>> byStart = new HashMap<>();
        for (Row part : parts) {
            byStart.computeIfAbsent(part.getAs("from_pts"), start -> new ArrayList<>())
                    .add(part);
        }
        List<Row> chain = chain(byStart, null);
        if (chain.isEmpty()) {
            return Optional.empty();
        }
        Optional<Row> refused =
                chain.stream().filter(part -> part.getAs("reason") != null).findFirst();
        if (refused.isPresent()) {
            Object[] values = new Object[CurateTables.SIGNALS.length()];
            Arrays.setAll(values, refused.get()::get);
            return Optional.of(RowFactory.create(values));
        }
        List<PartSignals> signals = chain.stream()
                .map(part ->
                        new PartSignals(of(part), part.<Integer>getAs("settled_from"), floats(part, "still_after")))
                .toList();
        Row first = chain.get(0);
        Facts facts = new Facts(
                first.getAs("codec"),
                first.<Integer>getAs("rotation"),
                first.getAs("content_hash"),
                first.getAs("packet_hash"));
        FrameSignals joined = PartSignals.join(signals, first.<Double>getAs("fps"));
        return Optional.of(
                RowFactory.create(values(first, facts, joined, joined.timeline().fps(), 0)));
    }

    /** Parts that follow each other from a start to the end of the video; empty where there are none. */
    private static List<Row> chain(Map<Long, List<Row>> byStart, Long start) {
        for (Row part : byStart.getOrDefault(start, List.of())) {
            Long end = part.getAs("until_pts");
            List<Row> rest = end == null ? List.of() : chain(byStart, end);
            if (end == null || !rest.isEmpty()) {
                List<Row> chain = new ArrayList<>(List.of(part));
                chain.addAll(rest);
                return chain;
            }
        }
        return List.of();
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
