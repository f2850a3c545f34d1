// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.bucket.ClipId;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaInfo;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.MediaProbe;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.ProbeOptions.FrameCount;
import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import io.sparkreel.bucketing.media.range.FrameTimes;
import io.sparkreel.jobs.config.bucketing.ProbeMode;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.jobs.storage.OpenMedia;
import java.io.IOException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Turns rows of the inventory into clips or rows of the quarantine: from what an earlier run found, from the
 * metadata table, or by opening the file.
 */
public final class ClipProber implements MapPartitionsFunction<Row, Row> {
    /** Prefix of the columns that an earlier run found; {@code earlier_uri} is null where it did not see the file. */
    static final String EARLIER = "earlier_";

    private static final long serialVersionUID = 1L;
    private static final double FPS_TOLERANCE = 0.01;

    private final Broadcast<SerializableConfiguration> configuration;
    private final FrameCount frameCount;
    private final io.sparkreel.bucketing.media.Verify verify;
    private final ProbeMode mode;
    private final PictureRules pictures;
    private final String job;
    private final LongAccumulator done;
    private transient Film film;

    /**
     * @param mode whether numbers of a metadata table are trusted or checked
     * @param job for {@link CrashGuard}
     * @param done counts rows as they are done
     */
    ClipProber(
            Broadcast<SerializableConfiguration> configuration,
            ProbeOptions options,
            ProbeMode mode,
            String job,
            LongAccumulator done) {
        this.configuration = configuration;
        frameCount = options.frameCount();
        verify = options.verify();
        this.mode = mode;
        pictures = options.pictures();
        this.job = job;
        this.done = done;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) throws IOException {
        CrashGuard guard = OpenMedia.guardOfTask(job);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rows.hasNext();
            }

            @Override
            public Row next() {
                Row probed = probe(rows.next(), guard);
                done.add(1);
                return probed;
            }
        };
    }

    private Row probe(Row file, CrashGuard guard) {
        if (file.getAs("problem") != null) {
            return refused(file, file.getAs("problem"), file.getAs("problem_detail"), null);
        }
        String earlierReason = file.getAs(EARLIER + "reason");
        if (earlierReason != null) {
            return refused(file, earlierReason, file.getAs(EARLIER + "detail"), file.getAs(EARLIER + "when"));
        }
        Given given = Given.of(file);
        try {
            AskedPart part = AskedPart.parse(file.getAs("part"));
            if (part != null) {
                return part(file, given, part, guard);
            }
            MediaInfo info = given.isComplete() && mode == ProbeMode.MISSING
                    ? null
                    : file.getAs(EARLIER + "uri") == null ? open(file, guard) : earlier(file);
            if (mode == ProbeMode.ALL) {
                if (info.stored() == null && given.differsFrom(info) != null) {
                    info = open(file, guard); // the table may have numbers that no earlier run kept
                }
                if (given.differsFrom(info) != null) {
                    return refused(file, RowProblem.METADATA_MISMATCH.tableValue(), given.differsFrom(info), null);
                }
                return clip(file, given.rateOnly().over(info), Excerpt.WHOLE, false);
            }
            return clip(file, given.over(info), Excerpt.WHOLE, given.isPresent());
        } catch (MediaException e) {
            return refused(file, e.problem().tableValue(), e.detail(), null);
        } catch (InvalidInputException e) {
            return refused(file, RowProblem.BAD_RANGE.tableValue(), e.getMessage(), null);
        } catch (CaptionFiles.BadCaption e) {
            return refused(file, RowProblem.BAD_CAPTION.tableValue(), e.getMessage(), null);
        } catch (IOException e) {
            return refused(file, MediaProblem.READ_ERROR.tableValue(), e.toString(), null);
        }
    }

    private Row part(Row file, Given given, AskedPart part, CrashGuard guard)
            throws MediaException, IOException, CaptionFiles.BadCaption {
        if (file.getAs(EARLIER + "uri") != null) {
            Excerpt before = ClipParts.of(name -> file.<Integer>getAs(EARLIER + name));
            MediaInfo info = earlier(file);
            String differs = mode == ProbeMode.ALL ? given.rateOnly().differsFrom(info) : null;
            if (differs != null) {
                return refused(file, RowProblem.METADATA_MISMATCH.tableValue(), differs, null);
            }
            return clip(file, info, before, false);
        }
        boolean trusted = mode == ProbeMode.MISSING;
        if (trusted && part.frames() != null && part.crop() == null && given.isCompleteFor(part.frames())) {
            return clip(file, given.ofPart(part.frames()), part.with(part.frames()), true);
        }
        Film film = film(file, guard);
        FrameRange range = part.seconds() == null
                ? part.frames()
                : film.times(file, guard)
                        .between(part.seconds().start(), part.seconds().end());
        Excerpt excerpt = part.with(range);
        MediaInfo info = film.info.of(excerpt);
        String differs = trusted ? null : given.differsFrom(film.info, info);
        if (differs != null) {
            return refused(file, RowProblem.METADATA_MISMATCH.tableValue(), differs, null);
        }
        if (verify != io.sparkreel.bucketing.media.Verify.NONE) {
            verify(file, excerpt, guard);
        }
        return clip(file, given.rateOnly().over(info), excerpt, trusted && given.isPresent());
    }

    /** The film that parts were asked for last: the parts of one follow each other. */
    private final class Film {
        private final String state;
        private MediaInfo info;
        private MediaException problem;
        private FrameTimes times;

        private Film(String state) {
            this.state = state;
        }

        FrameTimes times(Row file, CrashGuard guard) throws MediaException, IOException {
            if (times == null) {
                times = open(file, "times of ", guard, source -> MediaProbe.frameTimes(source, info));
            }
            return times;
        }
    }

    /** Opens a file once for all of its parts. Of a part what it holds itself is verified. */
    private Film film(Row file, CrashGuard guard) throws MediaException, IOException {
        String state = state(file);
        if (film == null || !film.state.equals(state)) {
            Film opened = new Film(state);
            ProbeOptions options = new ProbeOptions(frameCount, io.sparkreel.bucketing.media.Verify.NONE, pictures);
            try {
                opened.info = open(file, "", guard, source -> MediaProbe.probe(source, options));
            } catch (MediaException e) {
                opened.problem = e;
            }
            film = opened;
        }
        if (film.problem != null) {
            throw film.problem;
        }
        return film;
    }

    private void verify(Row file, Excerpt part, CrashGuard guard) throws MediaException, IOException {
        ProbeOptions options = new ProbeOptions(frameCount, verify, pictures);
        open(file, file.getAs("part") + " of ", guard, source -> {
            if (part.frames() == null) {
                return MediaProbe.probe(source, options);
            }
            MediaProbe.verify(source, part.frames(), options);
            return null;
        });
    }

    private interface Reading<T> {
        T read(HadoopMediaSource source) throws MediaException, IOException;
    }

    private static String state(Row file) {
        return file.getAs("uri") + " " + file.getAs("bytes") + " "
                + file.<Timestamp>getAs("mtime").getTime();
    }

    private MediaInfo open(Row file, CrashGuard guard) throws MediaException, IOException {
        ProbeOptions options = new ProbeOptions(frameCount, verify, pictures);
        return open(file, "", guard, source -> MediaProbe.probe(source, options));
    }

    /** @param what is done with the file, to tell a crash over it from others */
    @SuppressWarnings("try") // the opening is held, not used
    private <T> T open(Row file, String what, CrashGuard guard, Reading<T> reading) throws MediaException, IOException {
        String uri = file.getAs("uri");
        long bytes = file.getAs("bytes");
        String name = what + state(file);
        if (guard.isKnownToCrash(name)) {
            throw new MediaException(MediaProblem.NATIVE_CRASH, "the process that read this file alone died");
        }
        Configuration hadoop = configuration.value().value();
        try (CrashGuard.Opening opening = guard.enter(name);
                HadoopMediaSource source = HadoopMediaSource.open(hadoop, uri, bytes)) {
            return reading.read(source);
        }
    }

    private static MediaInfo earlier(Row file) {
        return new MediaInfo(
                MediaKind.fromTableValue(file.getAs(EARLIER + "kind")),
                file.<Integer>getAs(EARLIER + "width"),
                file.<Integer>getAs(EARLIER + "height"),
                file.<Integer>getAs(EARLIER + "rotation"),
                file.<Integer>getAs(EARLIER + "num_frames"),
                file.<Double>getAs(EARLIER + "fps"),
                file.<Double>getAs(EARLIER + "duration_s"),
                file.getAs(EARLIER + "codec"),
                file.<Integer>getAs(EARLIER + "keyframe_interval"),
                null);
    }

    private Row clip(Row file, MediaInfo info, Excerpt part, boolean fromTable)
            throws IOException, CaptionFiles.BadCaption {
        long bytes = file.getAs("bytes");
        boolean opened = info.codec() != null;
        boolean named = Boolean.TRUE.equals(file.getAs("named"));
        Integer[] parts = ClipParts.values(part);
        return RowFactory.create(
                ClipId.of(file.getAs("path"), bytes, named ? new int[0] : part.numbers()),
                file.getAs("uri"),
                info.kind().tableValue(),
                info.width(),
                info.height(),
                opened ? info.rotation() : null,
                info.numFrames(),
                info.fps(),
                info.durationSeconds(),
                info.codec(),
                bytes,
                file.getAs("mtime"),
                caption(file),
                opened ? info.keyframeInterval() : null,
                file.getAs("caption_mtime"),
                file.getAs("table_row"),
                fromTable,
                file.getAs("part"),
                parts[0],
                parts[1],
                parts[2],
                parts[3],
                parts[4],
                parts[5],
                null,
                null,
                null);
    }

    private String caption(Row file) throws IOException, CaptionFiles.BadCaption {
        if (file.getAs("given_caption") != null) {
            return file.<String>getAs("given_caption").strip();
        }
        if (file.getAs(EARLIER + "uri") != null && file.getAs("caption_uri") != null) {
            return file.getAs(EARLIER + "caption");
        }
        return CaptionFiles.read(configuration.value().value(), file.getAs("caption_uri"));
    }

    private static Row refused(Row file, String reason, String detail, Timestamp when) {
        return RowFactory.create(
                null,
                file.getAs("uri"),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                file.getAs("bytes"),
                file.getAs("mtime"),
                null,
                null,
                file.getAs("caption_mtime"),
                file.getAs("table_row"),
                null,
                file.getAs("part"),
                null,
                null,
                null,
                null,
                null,
                null,
                reason,
                detail,
                when == null ? Timestamp.from(Instant.now()) : when);
    }

    /** Numbers of a metadata table. */
    private record Given(Long row, Integer width, Integer height, Integer frames, Double fps) {
        static Given of(Row file) {
            return new Given(
                    file.getAs("table_row"),
                    file.getAs("given_width"),
                    file.getAs("given_height"),
                    file.getAs("given_num_frames"),
                    file.getAs("given_fps"));
        }

        boolean isPresent() {
            return width != null || height != null || frames != null || fps != null;
        }

        /** An image needs no frame rate. */
        boolean isComplete() {
            return width != null && height != null && frames != null && (fps != null || frames == 1);
        }

        /** The number of frames of a part follows from its range. */
        boolean isCompleteFor(FrameRange range) {
            return width != null && height != null && fps != null && range != null;
        }

        /** What these numbers say of a range; it is part of a film, however short. */
        MediaInfo ofPart(FrameRange range) {
            return new MediaInfo(
                    MediaKind.VIDEO, width, height, 0, range.length(), fps, range.length() / fps, null, 0, null);
        }

        /** As {@link #differsFrom(MediaInfo)}; numbers may be those of the file or of the part. */
        String differsFrom(MediaInfo file, MediaInfo part) {
            String fromPart = differsFrom(part);
            return fromPart == null ? null : differsFrom(file);
        }

        /**
         * Row and column of a number that is not the file's, or null. Sizes may be those stored or shown, and counts of
         * packets or of frames.
         */
        String differsFrom(MediaInfo info) {
            boolean sizeShown = isNullOr(width, info.width()) && isNullOr(height, info.height());
            boolean sizeStored = info.stored() != null
                    && isNullOr(width, info.stored().width())
                    && isNullOr(height, info.stored().height());
            if (!sizeShown && !sizeStored) {
                return isNullOr(width, info.width())
                        ? mismatch("height", height, info.height())
                        : mismatch("width", width, info.width());
            }
            boolean packets =
                    info.stored() != null && isNullOr(frames, info.stored().packets());
            if (!isNullOr(frames, info.numFrames()) && !packets) {
                return mismatch("num_frames", frames, info.numFrames());
            }
            boolean moving = info.kind() == MediaKind.VIDEO;
            if (moving && fps != null && Math.abs(fps - info.fps()) > FPS_TOLERANCE * info.fps()) {
                return mismatch("fps", fps, info.fps());
            }
            return null;
        }

        private static boolean isNullOr(Integer given, int value) {
            return given == null || given == value;
        }

        /** Of a table whose other numbers may be those of the file where these are of what is shown. */
        Given rateOnly() {
            return new Given(row, null, null, null, fps);
        }

        private String mismatch(String column, Object table, Object file) {
            return "row " + (row + 1) + ", column " + column + ": the table says " + table + ", the file has " + file;
        }

        /** These numbers where they are there, the file's else. */
        MediaInfo over(MediaInfo info) {
            int count = frames == null ? info.numFrames() : frames;
            boolean image = count == 1 && (info == null || info.kind() == MediaKind.IMAGE);
            double rate = image ? 0 : fps == null ? info.fps() : fps;
            boolean changed = frames != null || fps != null;
            return new MediaInfo(
                    image ? MediaKind.IMAGE : MediaKind.VIDEO,
                    width == null ? info.width() : width,
                    height == null ? info.height() : height,
                    info == null ? 0 : info.rotation(),
                    count,
                    rate,
                    image ? 0 : changed ? count / rate : info.durationSeconds(),
                    info == null ? null : info.codec(),
                    info == null ? 0 : info.keyframeInterval(),
                    info == null ? null : info.stored());
        }
    }
}
