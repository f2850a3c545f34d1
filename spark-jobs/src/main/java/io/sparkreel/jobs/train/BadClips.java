// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.error.Reasons;
import io.sparkreel.jobs.loader.BadClip;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.ParquetRows;
import io.sparkreel.model.collective.Collective;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * The clips that a run could not read: how many since its first step, whether that is too many, and the table
 * {@code quarantine} of the run folder, in which each clip stands once however often it failed. Every rank has one; what
 * they count is in the checkpoints.
 */
final class BadClips {
    /** The table in the run folder. */
    static final String TABLE = "quarantine";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType("""
            message quarantine {
              required binary uri (STRING);
              required binary stage (STRING);
              required binary reason (STRING);
              optional binary part (STRING);
              optional binary detail (STRING);
              required int64 when (TIMESTAMP(MICROS,true));
              required int64 clip_id;
            }""");
    /** Fewer clips than this say little about a rate by themselves. */
    private static final long FEW = 1000;
    /** How far from the expected number a count of few clips may be, in standard deviations. */
    private static final double LUCK = 3;

    private final double most;
    private final List<BadClip> unwritten = new ArrayList<>();
    /** Of all ranks since this one began; rank 0 has them. */
    private final Reasons reasons = new Reasons();
    /** Of the clips that the table had before. */
    private final Reasons earlier = new Reasons();

    private Set<Long> written;
    private long planned;
    private long read;

    /**
     * @param most part of the clips that may be bad
     * @param planned clips of the run's steps so far
     * @param read those of them that could be read
     */
    BadClips(double most, long planned, long read) {
        this.most = most;
        this.planned = planned;
        this.read = read;
    }

    /** Clips of the run's steps so far. */
    long planned() {
        return planned;
    }

    /** Those of them that could be read. */
    long read() {
        return read;
    }

    /** Takes note of what this rank could not read. */
    void add(List<BadClip> bad) {
        unwritten.addAll(bad);
    }

    /** Takes note of what all ranks together were to read in a step, and have read. */
    void count(long clipsPlanned, long clipsRead) {
        planned += clipsPlanned;
        read += clipsRead;
    }

    /**
     * Whether too many were bad. All ranks count the same, so all say the same.
     *
     * @param epochEnds else a number that may be bad luck is borne as long as few clips were read
     * @return why the run must stop
     */
    Optional<String> tooMany(boolean epochEnds) {
        long missing = planned - read;
        double expected = most * planned;
        double borne = epochEnds || planned >= FEW ? expected : expected + LUCK * Math.sqrt(expected * (1 - most));
        return missing == 0 || missing <= borne
                ? Optional.empty()
                : Optional.of(missing + " of " + planned + " clips could not be read, more than max_bad_clips " + most
                        + " allows");
    }

    /** On rank 0, the end of a job's last line: the commonest reasons, where all are, and what to do. */
    String explained(String table) {
        Reasons why = reasons.isEmpty() ? earlier : reasons;
        return (why.isEmpty() ? "" : ": " + why) + ". " + table + " has all of them. " + BadClip.advice(why);
    }

    /**
     * Writes what the ranks have found since the last time; to be called by all of them. A file is named by the step, so
     * that one which is written again takes the place of the first.
     */
    void write(Collective collective, HadoopStorage run, Configuration hadoop, long step) throws IOException {
        byte[][] all = collective.allGather(JSON.writeValueAsBytes(unwritten));
        unwritten.clear();
        if (collective.rank() != 0) {
            return;
        }
        if (written == null) {
            written = written(run, hadoop);
        }
        List<BadClip> fresh = new ArrayList<>();
        for (byte[] rank : all) {
            for (BadClip clip : JSON.readValue(rank, new TypeReference<List<BadClip>>() {})) {
                clip.countIn(reasons);
                if (written.add(clip.clipId())) {
                    fresh.add(clip);
                }
            }
        }
        if (!fresh.isEmpty()) {
            write(fresh, new Path(run.uri(TABLE + "/global_step" + step + ".parquet")), hadoop);
        }
    }

    private Set<Long> written(HadoopStorage run, Configuration hadoop) throws IOException {
        Set<Long> clips = new HashSet<>();
        for (String file : run.list(TABLE)) {
            if (!file.endsWith(".parquet")) {
                continue;
            }
            try (ParquetReader<Group> reader = ParquetRows.reader(new Path(run.uri(TABLE + "/" + file)), hadoop)) {
                for (Group row = reader.read(); row != null; row = reader.read()) {
                    BadClip clip = new BadClip(
                            row.getLong("clip_id", 0),
                            row.getString("uri", 0),
                            text(row, "part"),
                            row.getString("reason", 0),
                            text(row, "detail"));
                    clip.countIn(earlier);
                    clips.add(clip.clipId());
                }
            }
        }
        return clips;
    }

    /** Tables of earlier versions lack some columns. */
    private static String text(Group row, String column) {
        return row.getType().containsField(column) && row.getFieldRepetitionCount(column) > 0
                ? row.getString(column, 0)
                : null;
    }

    private static void write(List<BadClip> clips, Path file, Configuration hadoop) throws IOException {
        SimpleGroupFactory rows = new SimpleGroupFactory(SCHEMA);
        long now = Instant.now().toEpochMilli() * 1000;
        try (ParquetWriter<Group> writer = ParquetRows.writer(file, hadoop, SCHEMA, CompressionCodecName.ZSTD)) {
            for (BadClip clip : clips) {
                Group row = rows.newGroup()
                        .append("uri", clip.uri())
                        .append("stage", "decode")
                        .append("reason", clip.reason());
                if (clip.part() != null) {
                    row.append("part", clip.part());
                }
                if (clip.detail() != null) {
                    row.append("detail", clip.detail());
                }
                writer.write(row.append("when", now).append("clip_id", clip.clipId()));
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
