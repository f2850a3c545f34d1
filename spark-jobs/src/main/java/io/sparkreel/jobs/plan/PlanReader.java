// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.storage.ParquetRows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.hadoop.ParquetReader;

/** Reads a plan table inside a rank, step by step, without Spark SQL. */
public final class PlanReader implements Iterator<PlannedStep>, AutoCloseable {
    private final Configuration configuration;
    private final Iterator<Path> files;
    private final long fromStep;
    private ParquetReader<Group> reader;
    private PlannedClip ahead;

    /** @param fromStep the first global step that is wanted */
    public PlanReader(Configuration configuration, String folder, long fromStep) throws IOException {
        this.configuration = configuration;
        this.fromStep = fromStep;
        Path path = new Path(folder);
        FileSystem storage = path.getFileSystem(configuration);
        // The writer sorted steps across files in the order of their names.
        files = Arrays.stream(storage.listStatus(path))
                .filter(FileStatus::isFile)
                .map(FileStatus::getPath)
                .filter(file -> file.getName().endsWith(".parquet"))
                .sorted()
                .toList()
                .iterator();
        ahead = read();
    }

    @Override
    public boolean hasNext() {
        return ahead != null;
    }

    @Override
    public PlannedStep next() {
        if (ahead == null) {
            throw new NoSuchElementException();
        }
        long step = ahead.place().step();
        List<PlannedClip> clips = new ArrayList<>();
        try {
            while (ahead != null && ahead.place().step() == step) {
                clips.add(ahead);
                ahead = read();
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        // A table holds whole epochs.
        boolean endsEpoch =
                ahead == null || ahead.place().epoch() != clips.get(0).place().epoch();
        return PlannedStep.of(clips, endsEpoch);
    }

    private PlannedClip read() throws IOException {
        while (true) {
            Group row = reader == null ? null : reader.read();
            if (row != null) {
                return clip(row);
            }
            if (reader != null) {
                reader.close();
                reader = null;
            }
            if (!files.hasNext()) {
                return null;
            }
            reader = ParquetRows.reader(
                    files.next(),
                    configuration,
                    FilterCompat.get(FilterApi.gtEq(FilterApi.longColumn("step"), fromStep)));
        }
    }

    private static PlannedClip clip(Group row) {
        return new PlannedClip(
                new PlannedClip.Place(
                        row.getInteger("epoch", 0),
                        row.getLong("step", 0),
                        row.getInteger("micro_batch", 0),
                        row.getString("bucket", 0),
                        row.getDouble("cost", 0)),
                new ClipRef(
                        row.getLong("clip_id", 0),
                        row.getString("uri", 0),
                        part(row),
                        ClipRef.kind(row.getString("kind", 0)),
                        row.getLong("bytes", 0),
                        row.getInteger("num_frames", 0),
                        row.getDouble("fps", 0),
                        row.getFieldRepetitionCount("caption") == 0 ? "" : row.getString("caption", 0)),
                new SampleSize(
                        row.getInteger("bucket_frames", 0),
                        row.getInteger("height_px", 0),
                        row.getInteger("width_px", 0)),
                features(row));
    }

    /** Plans of earlier versions lack the columns. */
    private static Excerpt part(Group row) {
        return ClipParts.of(name -> row.getType().containsField(name) && row.getFieldRepetitionCount(name) > 0
                ? row.getInteger(name, 0)
                : null);
    }

    private static PlannedClip.Features features(Group row) {
        return row.getFieldRepetitionCount("feature_file") == 0
                ? null
                : new PlannedClip.Features(
                        row.getString("feature_file", 0),
                        row.getLong("feature_offset", 0),
                        row.getInteger("feature_values", 0),
                        row.getBoolean("feature_varies", 0),
                        row.getInteger("feature_tokens", 0));
    }

    @Override
    public void close() throws IOException {
        if (reader != null) {
            reader.close();
            reader = null;
        }
    }
}
