// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import io.sparkreel.bucketing.bucket.ClipId;
import io.sparkreel.bucketing.curate.clip.ClipMeasures;
import io.sparkreel.bucketing.curate.clip.ClipMeasures.Box;
import io.sparkreel.bucketing.curate.clip.ClipMeasures.Limits;
import io.sparkreel.bucketing.curate.clip.ClipMeasures.Measured;
import io.sparkreel.bucketing.curate.clip.ClipRules;
import io.sparkreel.bucketing.curate.clip.Measure;
import io.sparkreel.bucketing.curate.shot.Shot;
import io.sparkreel.bucketing.curate.shot.ShotCutter;
import io.sparkreel.bucketing.curate.shot.ShotCutter.Split;
import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Timeline;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.range.CropBox;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import io.sparkreel.jobs.config.curate.CurateConfig;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Cuts videos into shots and clips, and measures the clips, by stored signals alone. */
final class ClipCutting implements Serializable {
    private static final long serialVersionUID = 1L;

    private final CurateConfig config;
    private transient ShotCutter cutter;

    ClipCutting(CurateConfig config) {
        this.config = config;
    }

    private ShotCutter cutter() {
        if (cutter == null) {
            Split split = new Split(
                    config.reject().blackPicture(),
                    orNever(config.shots().black()),
                    config.signals().noise(),
                    orNever(config.shots().frozen()));
            cutter = new ShotCutter(
                    config.detectors().detectors(), config.detectors().softTransitions(), split);
        }
        return cutter;
    }

    private static double orNever(Double seconds) {
        return seconds == null ? Double.POSITIVE_INFINITY : seconds;
    }

    /** Of a row of signals with {@code video_id}: a row of {@link CurateTables#SHOTS} for each shot. */
    List<Row> shots(Row video) {
        FrameSignals signals = SignalRows.of(video);
        List<Row> rows = new ArrayList<>();
        for (Shot shot : cutter().shots(signals)) {
            Timeline timeline = signals.timeline();
            int from = shot.frames().from();
            int until = shot.frames().until();
            rows.add(RowFactory.create(
                    video.getAs("video_id"),
                    video.getAs("uri"),
                    rows.size(),
                    from,
                    until,
                    timeline.pts()[from],
                    until < timeline.frames() ? timeline.pts()[until] : end(timeline),
                    timeline.numerator(),
                    timeline.denominator(),
                    shot.begins().tableValue(),
                    shot.ends().tableValue()));
        }
        return rows;
    }

    /** When the last frame has been shown, in units of the time base. */
    private static long end(Timeline timeline) {
        double frame = timeline.denominator() / (timeline.fps() * timeline.numerator());
        return timeline.pts()[timeline.frames() - 1] + Math.max(1, Math.round(frame));
    }

    /** Of a row of signals with {@code video_id} and {@code path}: a row of {@link CurateTables#CUT} for each clip. */
    List<Row> clips(Row video) {
        FrameSignals signals = SignalRows.of(video);
        ClipRules rules = config.shots().clipRules();
        ClipMeasures measures = new ClipMeasures(
                signals,
                new Limits(
                        config.reject().blackPicture(),
                        config.signals().noise(),
                        config.reject().frozenTime(),
                        config.reject().barSide()));
        List<Row> rows = new ArrayList<>();
        List<Shot> shots = cutter().shots(signals);
        for (int shot = 0; shot < shots.size(); shot++) {
            for (Shot clip : rules.clips(shots.get(shot), signals)) {
                rows.add(clip(video, signals, shot, clip, measures.of(clip.frames())));
            }
        }
        return rows;
    }

    private Row clip(Row video, FrameSignals signals, int shot, Shot clip, Measured measured) {
        Box box = config.reject().cropBars() ? measured.box() : null;
        CropBox crop = box == null ? null : new CropBox(box.x(), box.y(), box.width(), box.height());
        int from = clip.frames().from();
        int until = clip.frames().until();
        Excerpt part = new Excerpt(new FrameRange(from, until), crop);
        double start = signals.timeline().seconds(from);
        List<Object> values = new ArrayList<>(List.<Object>of(
                ClipId.of(video.<String>getAs("path"), video.<Long>getAs("bytes"), part.numbers()),
                video.<Long>getAs("video_id"),
                MediaKind.VIDEO.tableValue(),
                video.<String>getAs("path"),
                video.<String>getAs("uri"),
                shot,
                from,
                until,
                start,
                start + measured.values().get(Measure.SECONDS),
                until - from,
                signals.timeline().fps(),
                box == null ? signals.width() : box.width(),
                box == null ? signals.height() : box.height()));
        values.add(box == null ? null : box.x());
        values.add(box == null ? null : box.y());
        values.add(box == null ? null : box.width());
        values.add(box == null ? null : box.height());
        for (Measure measure : Measure.values()) {
            Double value = measured.values().get(measure);
            values.add(value.isNaN() ? null : value);
        }
        return RowFactory.create(values.toArray());
    }
}
