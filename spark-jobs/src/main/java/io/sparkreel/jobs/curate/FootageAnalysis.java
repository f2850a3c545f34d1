// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import io.sparkreel.bucketing.curate.signal.Part;
import io.sparkreel.bucketing.curate.signal.PartSignals;
import io.sparkreel.bucketing.curate.signal.SignalOptions;
import io.sparkreel.bucketing.curate.signal.SignalPass;
import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.bucketing.media.format.ContentDigest;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.jobs.storage.OpenMedia;
import java.io.IOException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Measures the frames of videos, or of parts of them, each in one pass: rows of {@link CurateTables#PIECES} to rows of
 * {@link CurateTables#PARTS}.
 */
final class FootageAnalysis implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final Broadcast<SerializableConfiguration> configuration;
    private final SignalOptions options;
    private final String job;
    private final LongAccumulator done;

    /**
     * Measures as {@code options} say.
     *
     * @param job for {@link CrashGuard}
     * @param done counts videos as they are done
     */
    FootageAnalysis(
            Broadcast<SerializableConfiguration> configuration,
            SignalOptions options,
            String job,
            LongAccumulator done) {
        this.configuration = configuration;
        this.options = options;
        this.job = job;
        this.done = done;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> files) throws IOException {
        CrashGuard guard = OpenMedia.guardOfTask(job);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return files.hasNext();
            }

            @Override
            public Row next() {
                Row row = measure(files.next(), guard);
                done.add(1);
                return row;
            }
        };
    }

    @SuppressWarnings("try") // the opening is held, not used
    private Row measure(Row piece, CrashGuard guard) {
        String uri = piece.getAs("uri");
        long bytes = piece.getAs("bytes");
        Part part = SignalRows.part(piece);
        String name = name(piece);
        if (guard.isKnownToCrash(name)) {
            return refused(piece, MediaProblem.NATIVE_CRASH, "the process that read this file alone died");
        }
        try (CrashGuard.Opening opening = guard.enter(name);
                HadoopMediaSource source =
                        HadoopMediaSource.open(configuration.value().value(), uri, bytes);
                FootageReader reader =
                        part.isFirst() ? FootageReader.open(source) : FootageReader.openBefore(source, part.from())) {
            PartSignals signals = SignalPass.part(reader, options, part);
            return SignalRows.measured(
                    piece,
                    new SignalRows.Facts(
                            reader.codec(),
                            reader.rotation(),
                            part.isFirst() ? ContentDigest.of(source) : null,
                            part.isFirst() ? packets(source, reader, part) : null),
                    signals,
                    part,
                    part.isWhole() ? signals.signals().timeline().fps() : reader.averageRate());
        } catch (MediaException e) {
            return refused(piece, e.problem(), e.detail());
        } catch (IOException e) {
            return refused(piece, MediaProblem.READ_ERROR, e.toString());
        }
    }

    private static String packets(HadoopMediaSource source, FootageReader reader, Part part)
            throws MediaException, IOException {
        return part.isWhole() ? reader.packetDigest() : FootageReader.packetDigest(source);
    }

    /** What {@link CrashGuard} knows a state of a file by. */
    static String name(Row file) {
        return file.getAs("uri") + " " + file.getAs("bytes") + " "
                + file.<Timestamp>getAs("mtime").getTime();
    }

    private static Row refused(Row piece, MediaProblem problem, String detail) {
        return SignalRows.refused(piece, problem.tableValue(), detail, Timestamp.from(Instant.now()));
    }
}
