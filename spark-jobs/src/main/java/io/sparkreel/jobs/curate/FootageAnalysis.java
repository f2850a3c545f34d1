// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.SignalOptions;
import io.sparkreel.bucketing.curate.signal.SignalPass;
import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.jobs.storage.OpenMedia;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/** Opens each video once and measures its frames: rows of files to rows of {@link CurateTables#SIGNALS}. */
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
        CrashGuard guard = OpenMedia.guard(job);
        TaskContext.get().addTaskCompletionListener(context -> {
            try {
                guard.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
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
    private Row measure(Row file, CrashGuard guard) {
        String uri = file.getAs("uri");
        long bytes = file.getAs("bytes");
        String name = uri + " " + bytes + " " + file.<Timestamp>getAs("mtime").getTime();
        if (guard.isKnownToCrash(name)) {
            return refused(file, MediaProblem.NATIVE_CRASH, "the process that read this file alone died");
        }
        try (CrashGuard.Opening opening = guard.enter(name);
                HadoopMediaSource source =
                        HadoopMediaSource.open(configuration.value().value(), uri, bytes);
                FootageReader reader = FootageReader.open(source)) {
            FrameSignals signals = SignalPass.whole(reader, options);
            return SignalRows.measured(file, new SignalRows.Facts(reader.codec(), reader.rotation()), signals);
        } catch (MediaException e) {
            return refused(file, e.problem(), e.detail());
        } catch (IOException e) {
            return refused(file, MediaProblem.READ_ERROR, e.toString());
        }
    }

    private static Row refused(Row file, MediaProblem problem, String detail) {
        return SignalRows.refused(file, problem.tableValue(), detail, Timestamp.from(Instant.now()));
    }
}
