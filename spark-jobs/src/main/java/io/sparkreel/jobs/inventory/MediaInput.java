// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import io.sparkreel.jobs.dataset.CurateManifest;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Names;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.GlobExpander;
import org.apache.hadoop.fs.GlobPattern;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What {@code input} names, found without Spark: folders to list, or a metadata table.
 *
 * <p>A pattern with {@code * ? [ ] { }} names folders, files or tables. The names of clips begin below the last
 * folder before the first part with a wildcard.
 */
public sealed interface MediaInput {
    /** Wildcards of Hadoop's patterns. */
    String WILDCARDS = "(?s).*[*?\\[{].*";
    /** Folders below the input that are listed as tasks of their own; beyond so many entries one task lists all. */
    int ENTRIES_LOOKED_AT = 10_000;

    /** Paths of clips and videos are relative to it. */
    String root();

    /**
     * Folders of media.
     *
     * @param root the names of clips are relative to it
     */
    record Folders(String root, List<Listing> listings) implements MediaInput {}

    /**
     * One folder to list.
     *
     * @param recursive with its sub-folders
     * @param pattern of the names of its entries; null: all
     */
    record Listing(String folder, boolean recursive, String pattern) implements Serializable {}

    /** Files of a metadata table, in order. */
    record Table(Format format, String root, List<String> files) implements MediaInput {}

    /**
     * A metadata table that a caller has: the columns of one in a file, of which {@code path} must be there.
     *
     * @param root relative paths begin here
     */
    record Rows(String root, Dataset<Row> rows) implements MediaInput {}

    /**
     * The kept clips of a curation run.
     *
     * @param clips folder of the table of clips
     */
    record Curated(String root, String clips) implements MediaInput {}

    /** How a metadata table is written. */
    enum Format {
        CSV,
        JSON_LINES,
        PARQUET;

        private static Format of(String name) {
            String lower = name.toLowerCase(Locale.ROOT);
            if (lower.endsWith(".csv")) {
                return CSV;
            }
            if (lower.endsWith(".jsonl") || lower.endsWith(".ndjson") || lower.endsWith(".json")) {
                return JSON_LINES;
            }
            return lower.endsWith(".parquet") ? PARQUET : null;
        }
    }

    /** @throws UserError if there is nothing of that name, or nothing that can be read */
    static MediaInput resolve(Configuration configuration, String input) {
        try {
            Path path = Names.path(input);
            FileSystem files = path.getFileSystem(configuration);
            path = files.makeQualified(path);
            try {
                FileStatus status = files.getFileStatus(path);
                Optional<CurateManifest> curated = status.isDirectory()
                        ? CurateManifest.find(new HadoopStorage(configuration, input))
                        : Optional.empty();
                return curated.isPresent()
                        ? new Curated(
                                curated.get().root(), path + "/" + curated.get().folder(CurateManifest.CLIPS))
                        : resolve(files, status, input);
            } catch (FileNotFoundException e) {
                if (!path.toUri().getPath().matches(WILDCARDS)) {
                    throw new UserError(
                            "Cannot read " + input + ": there is no such folder or table. Check the path.", e);
                }
                return resolvePattern(files, path, input);
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new UserError("Cannot read " + input + ": " + e.getMessage() + ". Check the path.", e);
        }
    }

    private static MediaInput resolve(FileSystem files, FileStatus status, String input) throws IOException {
        Path path = status.getPath();
        Format format = Format.of(path.getName());
        if (format != null && (!status.isDirectory() || format == Format.PARQUET)) {
            return new Table(format, path.getParent().toString(), List.of(path.toString()));
        }
        if (!status.isDirectory()) {
            throw new UserError(
                    "Cannot read " + input + ": it is neither a folder nor a metadata table. Give a folder of"
                            + " media, or a table that ends in .csv, .jsonl or .parquet.");
        }
        return new Folders(path.toString(), listings(files, path));
    }

    /** Sub-folders become tasks of their own where the driver need not read through many entries to find them. */
    private static List<Listing> listings(FileSystem files, Path root) throws IOException {
        List<Listing> listings = new ArrayList<>();
        listings.add(new Listing(root.toString(), false, null));
        RemoteIterator<FileStatus> entries = files.listStatusIterator(root);
        for (int seen = 0; entries.hasNext(); seen++) {
            if (seen == ENTRIES_LOOKED_AT) {
                return List.of(new Listing(root.toString(), true, null));
            }
            FileStatus entry = entries.next();
            if (entry.isDirectory() && !MediaInventory.isHidden(entry.getPath().getName())) {
                listings.add(new Listing(entry.getPath().toString(), true, null));
            }
        }
        return listings;
    }

    private static MediaInput resolvePattern(FileSystem files, Path pattern, String input) throws IOException {
        Path root = pattern;
        while (root.toUri().getPath().matches(WILDCARDS)) {
            root = root.getParent();
        }
        Format format = Format.of(pattern.getName());
        if (format != null) {
            List<String> tables = matching(files, pattern).stream()
                    .map(status -> status.getPath().toString())
                    .sorted()
                    .toList();
            return new Table(format, root.toString(), atLeastOne(tables, input));
        }
        // Only folders are expanded here: a pattern may match millions of files.
        Path parent = pattern.getParent();
        List<Listing> listings = matching(files, parent).stream()
                .filter(FileStatus::isDirectory)
                .map(folder -> new Listing(folder.getPath().toString(), true, pattern.getName()))
                .toList();
        return new Folders(root.toString(), atLeastOne(listings, input));
    }

    /** As Hadoop's patterns, which fail on a colon in a name. */
    private static List<FileStatus> matching(FileSystem files, Path pattern) throws IOException {
        List<FileStatus> found = new ArrayList<>();
        for (String one : GlobExpander.expand(pattern.toString())) { // braces that hold slashes
            found.addAll(matchingParts(files, new Path(one)));
        }
        return found;
    }

    private static List<FileStatus> matchingParts(FileSystem files, Path pattern) throws IOException {
        if (!pattern.toUri().getPath().matches(WILDCARDS)) {
            return existing(files, pattern);
        }
        List<FileStatus> found = new ArrayList<>();
        GlobPattern names = new GlobPattern(pattern.getName());
        for (FileStatus parent : matchingParts(files, pattern.getParent())) {
            if (!parent.isDirectory()) {
                continue;
            }
            if (!pattern.getName().matches(WILDCARDS)) {
                found.addAll(existing(files, Names.child(parent.getPath(), pattern.getName())));
                continue;
            }
            for (FileStatus entry : files.listStatus(parent.getPath())) {
                if (names.matches(entry.getPath().getName())) {
                    found.add(entry);
                }
            }
        }
        return found;
    }

    private static List<FileStatus> existing(FileSystem files, Path path) throws IOException {
        try {
            return List.of(files.getFileStatus(path));
        } catch (FileNotFoundException e) {
            return List.of();
        }
    }

    private static <T> List<T> atLeastOne(List<T> found, String input) {
        if (found.isEmpty()) {
            throw new UserError("Cannot read " + input + ": nothing matches this pattern. Check the path.");
        }
        return found;
    }
}
