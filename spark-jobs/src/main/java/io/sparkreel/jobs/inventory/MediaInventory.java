// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lower;
import static org.apache.spark.sql.functions.regexp_extract;
import static org.apache.spark.sql.functions.regexp_replace;

import io.sparkreel.jobs.UserError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Lists the media files below a folder, and the caption file beside each. The executors list; the driver
 * sees the folders of the first level only.
 */
public final class MediaInventory {
    /** What FFmpeg's demuxers that we cover are usually called. Other files are no business of ours. */
    private static final String EXTENSIONS =
            "mp4|m4v|mov|webm|mkv|avi|mpg|mpeg|ts|m2ts|ogv|ogg|gif|png|jpg|jpeg|webp|bmp";

    private static final StructType FILES = new StructType()
            .add("path", DataTypes.StringType, false)
            .add("uri", DataTypes.StringType, false)
            .add("bytes", DataTypes.LongType, false)
            .add("mtime", DataTypes.TimestampType, false);

    private MediaInventory() {}

    /**
     * @return path (below the folder), uri, bytes, mtime, caption_uri (null where there is no caption)
     * @throws UserError if there is no such folder, or it cannot be read
     */
    public static Dataset<Row> list(SparkSession spark, String input) {
        Configuration configuration = spark.sparkContext().hadoopConfiguration();
        Path root = existingFolder(configuration, input);
        List<Listing> listings = new ArrayList<>();
        listings.add(new Listing(root.toString(), false));
        try {
            RemoteIterator<FileStatus> children = root.getFileSystem(configuration).listStatusIterator(root);
            while (children.hasNext()) {
                FileStatus child = children.next();
                if (child.isDirectory() && !isHidden(child.getPath())) {
                    listings.add(new Listing(child.getPath().toString(), true));
                }
            }
        } catch (IOException e) {
            throw new UserError("Cannot list " + input + ": " + e.getMessage() + ". Check the folder's permissions.", e);
        }
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<SerializableConfiguration> shared = context.broadcast(new SerializableConfiguration(configuration));
        String prefix = root.toString();
        Dataset<Row> files = spark.createDataFrame(
                context.parallelize(listings, listings.size()).flatMap(
                        listing -> new FileRows(shared.value().value(), listing, prefix)), FILES);
        return withCaptions(files);
    }

    private static Dataset<Row> withCaptions(Dataset<Row> files) {
        Dataset<Row> named = files.withColumn("extension", lower(regexp_extract(col("path"), "\\.([^./]+)$", 1)))
                .withColumn("stem", regexp_replace(col("path"), "\\.[^./]+$", ""));
        Dataset<Row> captions = named.where(col("extension").equalTo("txt"))
                .select(col("stem"), col("uri").as("caption_uri"));
        return named.where(col("extension").rlike("^(" + EXTENSIONS + ")$"))
                .join(captions, "stem", "left_outer")
                .select("path", "uri", "bytes", "mtime", "caption_uri");
    }

    /** @throws UserError if the path is no folder */
    public static Path existingFolder(Configuration configuration, String folder) {
        try {
            Path path = new Path(folder);
            FileSystem files = path.getFileSystem(configuration);
            FileStatus status = files.getFileStatus(files.makeQualified(path));
            if (!status.isDirectory()) {
                throw new UserError("Cannot read " + folder + ": it is a file. Give the folder that holds it.");
            }
            return status.getPath();
        } catch (FileNotFoundException e) {
            throw new UserError("Cannot read " + folder + ": there is no such folder. Check the path.", e);
        } catch (IOException | IllegalArgumentException e) {
            throw new UserError("Cannot read " + folder + ": " + e.getMessage() + ". Check the path.", e);
        }
    }

    private static boolean isHidden(Path path) {
        return path.getName().startsWith(".") || path.getName().startsWith("_");
    }

    private record Listing(String folder, boolean recursive) implements java.io.Serializable {}

    /** The files of one listing, as they come from the store. */
    private static final class FileRows implements Iterator<Row> {
        private final RemoteIterator<LocatedFileStatus> files;
        private final String prefix;
        private Row next;

        FileRows(Configuration configuration, Listing listing, String prefix) throws IOException {
            Path folder = new Path(listing.folder());
            files = folder.getFileSystem(configuration).listFiles(folder, listing.recursive());
            this.prefix = prefix.endsWith("/") ? prefix : prefix + "/";
        }

        @Override
        public boolean hasNext() {
            try {
                while (next == null && files.hasNext()) {
                    LocatedFileStatus file = files.next();
                    if (file.isFile() && !isHidden(file.getPath())) {
                        next = RowFactory.create(file.getPath().toString().substring(prefix.length()),
                                file.getPath().toString(), file.getLen(),
                                new java.sql.Timestamp(file.getModificationTime()));
                    }
                }
                return next != null;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public Row next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Row row = next;
            next = null;
            return row;
        }
    }
}
