// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.lower;
import static org.apache.spark.sql.functions.max_by;
import static org.apache.spark.sql.functions.regexp_extract;
import static org.apache.spark.sql.functions.regexp_replace;
import static org.apache.spark.sql.functions.struct;

import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.inventory.MediaInput.Listing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.GlobPattern;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.util.functional.RemoteIterators;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** Lists the media files of folders, and the caption file beside each. The executors list. */
public final class MediaInventory {
    /** What FFmpeg's demuxers that we cover are usually called. Other files are no business of ours. */
    private static final String EXTENSIONS =
            "mp4|m4v|mov|3gp|3g2|webm|mkv|avi|flv|wmv|mpg|mpeg|vob|ts|mts|m2ts|mxf|ogv|ogg|gif|png|apng|jpg|jpeg|webp|bmp|tif|tiff";

    private static final StructType LISTING = new StructType()
            .add("path", DataTypes.StringType)
            .add("uri", DataTypes.StringType)
            .add("bytes", DataTypes.LongType)
            .add("mtime", DataTypes.TimestampType)
            .add(LeftOut.COLUMN, DataTypes.StringType);

    private MediaInventory() {}

    /** Files of media and captions, and a row with the reason alone for all else, counted by {@link LeftOut}. */
    static Dataset<Row> list(SparkSession spark, MediaInput.Folders folders) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<SerializableConfiguration> shared =
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
        String root = folders.root();
        return spark.createDataFrame(
                context.parallelize(folders.listings(), folders.listings().size())
                        .flatMap(listing -> new FileRows(shared.value().value(), listing, root)),
                LISTING);
    }

    /**
     * A caption file has the name of its clip; text is preferred to JSON.
     *
     * @param listing see {@link #list}; it is read twice
     * @return {@link ClipTables#INVENTORY}
     */
    static Dataset<Row> inventory(Dataset<Row> listing) {
        Dataset<Row> files = listing.where(col(LeftOut.COLUMN).isNull());
        Column extension = lower(regexp_extract(col("path"), "\\.([^./]+)$", 1));
        Dataset<Row> named = files.withColumn("extension", extension)
                .withColumn("stem", regexp_replace(col("path"), "\\.[^./]+$", ""));
        Dataset<Row> captions = named.where(col("extension").isin("txt", "json"))
                .groupBy("stem")
                .agg(max_by(struct(col("uri"), col("mtime")), col("extension")).as("caption_file"));
        Dataset<Row> media = named.where(col("extension").rlike("^(" + EXTENSIONS + ")$"))
                .join(captions, "stem", "left_outer")
                .withColumn("caption_uri", col("caption_file.uri"))
                .withColumn("caption_mtime", col("caption_file.mtime"));
        return media.select(Arrays.stream(ClipTables.INVENTORY.fields())
                .map(field -> columnOf(media, field))
                .toArray(Column[]::new));
    }

    private static Column columnOf(Dataset<Row> table, StructField field) {
        boolean there = Arrays.asList(table.columns()).contains(field.name());
        return there ? col(field.name()) : lit(null).cast(field.dataType()).as(field.name());
    }

    /** Is this the name of a media file? */
    public static boolean isMedia(String name) {
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return extension.matches(EXTENSIONS);
    }

    /** Is this the name of a file that may hold the caption of a clip? */
    static boolean isCaption(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".txt") || lower.endsWith(".json");
    }

    /** Names of hidden things, and of the folder in which Hadoop's tools keep what is not finished. */
    static boolean isHidden(String name) {
        return name.startsWith(".") || name.equals("_temporary");
    }

    /** The files of one listing, as they come from the store. */
    private static final class FileRows implements Iterator<Row> {
        private final Configuration configuration;
        private final Listing listing;
        private final GlobPattern pattern;
        private final String prefix;
        private final Deque<LocalFolder> folders = new ArrayDeque<>();
        private LocalFolder folder;
        private RemoteIterator<FileStatus> entries;
        private boolean inFirstFolder = true;
        private final Deque<Row> rows = new ArrayDeque<>();

        FileRows(Configuration configuration, Listing listing, String root) throws IOException {
            this.configuration = configuration;
            this.listing = listing;
            prefix = root.endsWith("/") ? root : root + "/";
            pattern = listing.pattern() == null ? null : new GlobPattern(listing.pattern());
            open(LocalFolder.of(new Path(root), new Path(listing.folder())));
        }

        private void open(LocalFolder next) throws IOException {
            folder = next;
            if (next.isInItself()) {
                leaveOut(LeftOut.LINK_TO_A_FOLDER_ABOVE);
                entries = RemoteIterators.remoteIteratorFromIterable(List.of());
                return;
            }
            next.unreadable().forEach(this::leaveOut);
            FileSystem files = next.path().getFileSystem(configuration);
            entries = files.listStatusIterator(next.path());
        }

        @Override
        public boolean hasNext() {
            try {
                while (rows.isEmpty()) {
                    if (entries.hasNext()) {
                        take(entries.next());
                    } else if (folders.isEmpty()) {
                        return false;
                    } else {
                        inFirstFolder = false;
                        open(folders.pop());
                    }
                }
                return true;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private void take(FileStatus entry) {
            String name = entry.getPath().getName();
            if (inFirstFolder && pattern != null && !matches(name, entry.isDirectory())) {
                return;
            }
            if (isHidden(name)) {
                leaveOut(LeftOut.HIDDEN);
                return;
            }
            if (entry.isDirectory()) {
                if (listing.recursive()) {
                    folders.push(folder.child(entry.getPath()));
                }
                return;
            }
            LeftOut why = LocalFolder.isSpecial(entry.getPath()) ? LeftOut.NO_REGULAR_FILE : LeftOut.byName(name);
            if (why != null) {
                leaveOut(why);
                return;
            }
            String uri = entry.getPath().toString();
            rows.add(RowFactory.create(
                    uri.substring(prefix.length()),
                    uri,
                    entry.getLen(),
                    new java.sql.Timestamp(entry.getModificationTime()),
                    null));
        }

        private void leaveOut(LeftOut why) {
            rows.add(RowFactory.create(null, null, null, null, why.name()));
        }

        /** A caption file goes with the clip that the pattern names. */
        private boolean matches(String name, boolean folder) {
            if (pattern.matches(name)) {
                return true;
            }
            return !folder && isCaption(name);
        }

        @Override
        public Row next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return rows.remove();
        }
    }
}
