// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.jobs.storage.Names;
import io.sparkreel.model.ForeignText;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.sql.Timestamp;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.SerializableConfiguration;

/** A row of a metadata table as a row of the inventory: values read, and the file found. */
final class TableRow implements MapFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    private final Broadcast<SerializableConfiguration> configuration;
    private final String root;
    private final boolean hasCaptions;

    /**
     * @param root relative paths begin here
     * @param hasCaptions whether the table has captions; else a file beside each clip may hold its caption
     */
    TableRow(Broadcast<SerializableConfiguration> configuration, String root, boolean hasCaptions) {
        this.configuration = configuration;
        this.root = root;
        this.hasCaptions = hasCaptions;
    }

    /** A value that cannot be used; the message names row and column. */
    private static final class BadValue extends Exception {
        private static final long serialVersionUID = 1L;

        BadValue(String message) {
            super(message);
        }
    }

    @Override
    public Row call(Row row) {
        long index = row.getAs(MetadataTable.ROW);
        String path = text(row, MetadataTable.PATH);
        try {
            String broken = row.getAs(MetadataTable.BROKEN);
            if (broken != null) {
                throw new BadValue("row " + (index + 1) + ": " + broken);
            }
            if (path == null) {
                throw new BadValue("row " + (index + 1) + ", column path: it is empty");
            }
            return found(row, index, path);
        } catch (BadValue e) {
            String place = path == null ? root + "#row=" + (index + 1) : path;
            return refused(index, place, place, RowProblem.BAD_ROW, e.getMessage());
        }
    }

    private Row found(Row row, long index, String path) throws BadValue {
        Integer width = whole(row, index, "width");
        Integer height = whole(row, index, "height");
        Integer frames = whole(row, index, "num_frames");
        Double fps = rate(row, index);
        AskedPart part = part(row, index);
        Path file = absolute(index, path);
        String id = text(row, "id");
        String name = id == null ? belowRoot(file) : id;
        Configuration hadoop = configuration.value().value();
        try {
            FileSystem files = file.getFileSystem(hadoop);
            file = files.makeQualified(file);
            if (files.getScheme().startsWith("http")) {
                throw new BadValue(bad(index, "path", path, "is a web address; fetch the file first"));
            }
            FileStatus status = files.getFileStatus(file);
            if (status.isDirectory()) {
                throw new FileNotFoundException();
            }
            if (LocalFolder.isSpecial(file)) {
                throw new IOException("it is no regular file");
            }
            FileStatus caption = hasCaptions ? null : captionBeside(files, file);
            return RowFactory.create(
                    index,
                    name,
                    file.toString(),
                    status.getLen(),
                    new Timestamp(status.getModificationTime()),
                    hasCaptions ? row.<String>getAs(MetadataTable.TEXT) : null,
                    caption == null ? null : caption.getPath().toString(),
                    caption == null ? null : new Timestamp(caption.getModificationTime()),
                    width,
                    height,
                    frames,
                    fps,
                    id != null,
                    part == null ? null : part.text(),
                    null,
                    null);
        } catch (FileNotFoundException e) {
            return refused(
                    index,
                    name,
                    file.toString(),
                    RowProblem.MISSING_FILE,
                    "row " + (index + 1) + ", column path: there is no such file");
        } catch (IOException e) {
            return refused(
                    index,
                    name,
                    file.toString(),
                    RowProblem.MISSING_FILE,
                    "row " + (index + 1) + ", column path: " + e.getMessage());
        }
    }

    private Path absolute(long index, String path) throws BadValue {
        try {
            return new Path(new Path(root + "/"), Names.path(path));
        } catch (IllegalArgumentException e) {
            throw new BadValue(bad(index, "path", path, "is no path"));
        }
    }

    /** The name of a clip does not depend on where its data set lies. */
    private String belowRoot(Path file) {
        String path = file.toUri().getPath();
        String folder = URI.create(new Path(root).toUri().toString()).getPath() + "/";
        return path.startsWith(folder) ? path.substring(folder.length()) : path;
    }

    private static FileStatus captionBeside(FileSystem files, Path file) throws IOException {
        String name = file.getName();
        int dot = name.lastIndexOf('.');
        String stem = dot < 0 ? name : name.substring(0, dot);
        for (String extension : new String[] {".txt", ".json"}) {
            try {
                return files.getFileStatus(Names.child(file.getParent(), stem + extension));
            } catch (FileNotFoundException e) {
                // The next extension may be there.
            }
        }
        return null;
    }

    private static Row refused(long index, String name, String uri, RowProblem problem, String detail) {
        return RowFactory.create(
                index,
                name,
                uri,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                problem.tableValue(),
                detail);
    }

    private static AskedPart part(Row row, long index) throws BadValue {
        Double[] numbers = new Double[AskedPart.COLUMNS.size()];
        for (int i = 0; i < numbers.length; i++) {
            String column = AskedPart.COLUMNS.get(i);
            numbers[i] = finite(row, index, column);
            if (numbers[i] != null && !column.endsWith("_s")) {
                requireWhole(row, index, column, numbers[i]);
            }
        }
        try {
            return AskedPart.of(numbers);
        } catch (InvalidInputException e) {
            throw new BadValue("row " + (index + 1) + ": " + e.getMessage());
        }
    }

    private static Integer whole(Row row, long index, String column) throws BadValue {
        Double value = number(row, index, column);
        if (value == null) {
            return null;
        }
        requireWhole(row, index, column, value);
        return value.intValue();
    }

    private static void requireWhole(Row row, long index, String column, double value) throws BadValue {
        if (value != Math.rint(value) || value > Integer.MAX_VALUE) {
            throw new BadValue(bad(
                    index,
                    column,
                    row.getAs(column),
                    value > Integer.MAX_VALUE ? "is too large" : "is no whole number"));
        }
    }

    /** 0 stands for a rate that nobody knows, as of a picture. */
    private static Double rate(Row row, long index) throws BadValue {
        String text = text(row, "fps");
        return text != null && text.matches("[+-]?0+([.]0*)?") ? null : number(row, index, "fps");
    }

    private static Double number(Row row, long index, String column) throws BadValue {
        Double value = finite(row, index, column);
        if (value != null && value <= 0) {
            throw new BadValue(bad(index, column, row.getAs(column), "is not above 0"));
        }
        return value;
    }

    /** Tables written by pandas have "49.0" for whole numbers beside missing ones, and "nan" for these. */
    private static Double finite(Row row, long index, String column) throws BadValue {
        String text = text(row, column);
        if (text == null || text.equalsIgnoreCase("nan") || text.equals("None") || text.equals("<NA>")) {
            return null;
        }
        try {
            double value = Double.parseDouble(text);
            if (!Double.isInfinite(value) && !Double.isNaN(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new BadValue(bad(index, column, text, "is no number"));
        }
        throw new BadValue(bad(index, column, text, "is no finite number"));
    }

    private static String bad(long index, String column, String value, String what) {
        return "row " + (index + 1) + ", column " + column + ": '" + ForeignText.shown(value) + "' " + what;
    }

    private static String text(Row row, String column) {
        String text = row.getAs(column);
        return text == null || text.isBlank() ? null : text.strip();
    }
}
