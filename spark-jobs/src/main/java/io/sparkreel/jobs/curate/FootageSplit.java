// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import io.sparkreel.bucketing.curate.signal.Part;
import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.crash.CrashGuard;
import io.sparkreel.jobs.storage.HadoopMediaSource;
import io.sparkreel.jobs.storage.OpenMedia;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.SerializableConfiguration;

/** Splits long videos at keyframes: rows of files to rows of {@link CurateTables#PIECES}. */
final class FootageSplit implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    /** A video of fewer bytes a second is decoded so fast that looking into it costs more than it saves. */
    private static final int LEAST_RATE = 32 * 1024;

    private final Broadcast<SerializableConfiguration> configuration;
    private final double longest;
    private final String job;

    /**
     * Splits what is longer than {@code longest} seconds.
     *
     * @param job for {@link CrashGuard}
     */
    FootageSplit(Broadcast<SerializableConfiguration> configuration, double longest, String job) {
        this.configuration = configuration;
        this.longest = longest;
        this.job = job;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> files) throws IOException {
        CrashGuard guard = OpenMedia.guardOfTask(job);
        Iterable<Row> all = () -> files;
        return StreamSupport.stream(all.spliterator(), false)
                .flatMap(file -> pieces(file, guard))
                .iterator();
    }

    private Stream<Row> pieces(Row file, CrashGuard guard) {
        return parts(file, guard).stream()
                .map(part -> RowFactory.create(
                        file.getAs("uri"),
                        file.getAs("bytes"),
                        file.getAs("mtime"),
                        part.firstPts(),
                        part.isFirst() ? null : part.from(),
                        part.isLast() ? null : part.until()));
    }

    /** A file that cannot be read is one part: measuring it tells why. */
    @SuppressWarnings("try") // the opening is held, not used
    private List<Part> parts(Row file, CrashGuard guard) {
        String uri = file.getAs("uri");
        long bytes = file.getAs("bytes");
        String name = FootageAnalysis.name(file);
        if (bytes < longest * LEAST_RATE || guard.isKnownToCrash(name)) {
            return List.of(Part.WHOLE);
        }
        try (CrashGuard.Opening opening = guard.enter(name);
                HadoopMediaSource source =
                        HadoopMediaSource.open(configuration.value().value(), uri, bytes);
                FootageReader reader = FootageReader.open(source)) {
            return Part.plan(reader, longest);
        } catch (MediaException | IOException e) {
            return List.of(Part.WHOLE);
        }
    }
}
