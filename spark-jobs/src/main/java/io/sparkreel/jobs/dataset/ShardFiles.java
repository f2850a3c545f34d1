// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.dataset;

import io.sparkreel.jobs.dataset.BucketingManifest.ShardFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/** The files of a shards table, from their footers. */
public final class ShardFiles {
    private static final Pattern PLACE =
            Pattern.compile("epoch=(\\d+)/resolution=([A-Za-z0-9_]+)/bucket_frames=(\\d+)/[^/]+\\.parquet");

    private ShardFiles() {}

    /**
     * @param folder that holds {@code epoch=...}
     * @return by epoch, resolution, frames and the order of rows
     */
    public static List<ShardFile> read(JavaSparkContext context, String folder) throws IOException {
        Path root = new Path(folder);
        var files = root.getFileSystem(context.hadoopConfiguration());
        root = files.makeQualified(root);
        if (!files.exists(root)) {
            return List.of();
        }
        List<String> paths = new ArrayList<>();
        RemoteIterator<LocatedFileStatus> found = files.listFiles(root, true);
        String prefix = root + "/";
        while (found.hasNext()) {
            String path = found.next().getPath().toString().substring(prefix.length());
            if (PLACE.matcher(path).matches()) {
                paths.add(path);
            }
        }
        if (paths.isEmpty()) {
            return List.of();
        }
        Broadcast<SerializableConfiguration> shared =
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
        List<ShardFile> shards =
                new ArrayList<>(context.parallelize(paths, Math.min(paths.size(), 4 * context.defaultParallelism()))
                        .map(path -> footer(shared.value().value(), prefix, path))
                        .collect());
        shards.sort(Comparator.comparingInt(ShardFile::epoch)
                .thenComparing(ShardFile::resolution)
                .thenComparingInt(ShardFile::frames)
                .thenComparing(ShardFile::path));
        return shards;
    }

    private static ShardFile footer(Configuration configuration, String prefix, String path) throws IOException {
        Matcher place = PLACE.matcher(path);
        if (!place.matches()) {
            throw new IOException("not a file of shards: " + path);
        }
        HadoopInputFile file = HadoopInputFile.fromPath(new Path(prefix + path), configuration);
        try (ParquetFileReader reader = ParquetFileReader.open(file)) {
            List<Long> rowGroups = reader.getRowGroups().stream()
                    .map(BlockMetaData::getRowCount)
                    .toList();
            return new ShardFile(
                    path,
                    Integer.parseInt(place.group(1)),
                    place.group(2),
                    Integer.parseInt(place.group(3)),
                    file.getLength(),
                    reader.getRecordCount(),
                    new ArrayList<>(rowGroups));
        }
    }
}
