// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.is_valid_utf8;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.when;

import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inventory.MediaInput.Format;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.model.ForeignText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** Reads a metadata table with the columns of Open-Sora's datasets; all values are read as text at first. */
final class MetadataTable {
    static final String PATH = "path";
    static final String TEXT = "text";
    /** Another name of the captions, as files beside clips have it. */
    static final String CAPTION = "caption";
    /** Position in the table, from 0. */
    static final String ROW = "table_row";
    /** Why a line cannot be taken apart. */
    static final String BROKEN = "broken";

    private static final List<String> COLUMNS = Stream.of(
                    List.of(PATH, TEXT, "id", "num_frames", "height", "width", "fps"),
                    AskedPart.COLUMNS,
                    List.of(BROKEN))
            .flatMap(List::stream)
            .toList();
    private static final StructType TEXTS = texts();
    private static final Logger LOG = LogManager.getLogger(MetadataTable.class);

    private MetadataTable() {}

    private static StructType texts() {
        StructType type = new StructType();
        for (String name : COLUMNS) {
            type = type.add(name, DataTypes.StringType);
        }
        return type;
    }

    /**
     * The rows of any table.
     *
     * @param partitions for looking at the files
     * @return {@link ClipTables#INVENTORY}
     * @throws UserError if the table has no column {@code path}
     */
    static Dataset<Row> of(SparkSession spark, MediaInput input, int partitions) throws IOException {
        if (input instanceof MediaInput.Rows rows) {
            return of(spark, rows, partitions);
        }
        return input instanceof MediaInput.Curated curated
                ? of(spark, curated, partitions)
                : read(spark, (MediaInput.Table) input, partitions);
    }

    /**
     * @param partitions for looking at the files
     * @return {@link ClipTables#INVENTORY}
     * @throws UserError if the table has no column {@code path}
     */
    static Dataset<Row> read(SparkSession spark, MediaInput.Table table, int partitions) throws IOException {
        Set<String> columns = new LinkedHashSet<>();
        Dataset<Row> texts = null;
        for (String file : table.files()) {
            Dataset<Row> one = readFile(spark, table.format(), file, columns);
            texts = texts == null ? one : texts.union(one);
        }
        if (table.format() != Format.JSON_LINES) {
            announce(table.files().get(0), columns);
        }
        boolean captions = table.format() == Format.JSON_LINES || hasCaptions(columns);
        return inventory(spark, texts, table.root(), captions, partitions);
    }

    /**
     * @param partitions for looking at the files
     * @return {@link ClipTables#INVENTORY}
     * @throws UserError if there is no column {@code path}
     */
    private static Dataset<Row> of(SparkSession spark, MediaInput.Rows input, int partitions) {
        Set<String> columns = new LinkedHashSet<>();
        Dataset<Row> texts = texts("the Dataset", input.rows(), columns);
        announce("the Dataset", columns);
        return inventory(spark, texts, input.root(), hasCaptions(columns), partitions);
    }

    /**
     * @param partitions for looking at the files
     * @return {@link ClipTables#INVENTORY} of the clips that are kept
     */
    private static Dataset<Row> of(SparkSession spark, MediaInput.Curated curated, int partitions) {
        Dataset<Row> clips = Tables.reader(spark).parquet(curated.clips()).where(col("kept"));
        List<Column> columns = new ArrayList<>(List.of(col(PATH), col(CAPTION).as(TEXT)));
        ClipParts.COLUMNS.forEach(name -> columns.add(col(name)));
        Dataset<Row> texts =
                texts("the curated clips", clips.select(columns.toArray(Column[]::new)), new LinkedHashSet<>());
        return inventory(spark, texts, curated.root(), true, partitions);
    }

    private static boolean hasCaptions(Set<String> columns) {
        return columns.contains(TEXT) || columns.contains(CAPTION);
    }

    private static Dataset<Row> inventory(
            SparkSession spark, Dataset<Row> texts, String root, boolean captions, int partitions) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<SerializableConfiguration> hadoop =
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
        Dataset<Row> numbered = spark.createDataFrame(
                texts.toJavaRDD().zipWithIndex().map(pair -> withIndex(pair._1(), pair._2())),
                TEXTS.add(ROW, DataTypes.LongType, false));
        return numbered.repartition(partitions)
                .map(new TableRow(hadoop, root, captions), Encoders.row(ClipTables.INVENTORY));
    }

    private static Row withIndex(Row row, long index) {
        Object[] values = new Object[row.size() + 1];
        for (int i = 0; i < row.size(); i++) {
            values[i] = row.get(i);
        }
        values[row.size()] = index;
        return RowFactory.create(values);
    }

    private static Dataset<Row> readFile(SparkSession spark, Format format, String file, Set<String> columns)
            throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        if (format != Format.PARQUET) {
            if (format == Format.CSV) {
                List<String> header = TextRows.header(context.hadoopConfiguration(), file);
                requirePath(file, header);
                columns.addAll(header);
            }
            Broadcast<SerializableConfiguration> hadoop =
                    context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
            TextRows rows = new TextRows(hadoop, format, COLUMNS);
            return spark.createDataFrame(context.parallelize(List.of(file), 1).flatMap(rows), TEXTS);
        }
        return readParquet(spark, file, columns);
    }

    private static Dataset<Row> readParquet(SparkSession spark, String file, Set<String> columns) {
        try {
            return texts(file, Tables.reader(spark).parquet(file), columns);
        } catch (UserError e) {
            throw e;
        } catch (Exception e) { // Spark's reader throws checked exceptions that it does not declare
            Throwable cause = e;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            throw new UserError(
                    "Cannot read " + file + ": "
                            + cause.getMessage().lines().findFirst().orElse("")
                            + ". Give a table of the kind that its name says.",
                    e);
        }
    }

    /** The columns that are known, as text; the names of all of them go to {@code columns}. */
    private static Dataset<Row> texts(String source, Dataset<Row> read, Set<String> columns) {
        List<String> there = Arrays.asList(read.columns());
        requirePath(source, there);
        columns.addAll(there);
        List<Column> selected = new ArrayList<>();
        Column broken = lit(null).cast("string");
        for (String name : COLUMNS) {
            String column = name.equals(TEXT) && !there.contains(TEXT) ? CAPTION : name;
            boolean has = there.contains(column) && !name.equals(BROKEN);
            Column text = (has ? col("`" + column + "`") : lit(null)).cast("string");
            if (has) {
                requireValues(source, read.schema().apply(column));
                broken = when(not(is_valid_utf8(text)), lit("column " + column + " holds bytes that are no UTF-8"))
                        .otherwise(broken);
            }
            selected.add((name.equals(BROKEN) ? broken : text).as(name));
        }
        return read.select(selected.toArray(Column[]::new));
    }

    private static void requirePath(String file, List<String> columns) {
        if (!columns.contains(PATH)) {
            throw new UserError("Cannot read " + file + ": it has no column 'path', only "
                    + ForeignText.shown(String.join(", ", columns)) + ". Name the column of file paths 'path'.");
        }
    }

    private static void requireValues(String file, StructField column) {
        boolean nested = column.dataType() instanceof ArrayType
                || column.dataType() instanceof MapType
                || column.dataType() instanceof StructType;
        if (nested) {
            throw new UserError("Cannot read " + file + ": its column '" + column.name() + "' holds "
                    + column.dataType().simpleString() + " and not one value in each row. Give text.");
        }
    }

    private static void announce(String source, Set<String> columns) {
        List<String> unused = columns.stream()
                .filter(name -> !COLUMNS.contains(name))
                .filter(name -> !name.equals(CAPTION) || columns.contains(TEXT))
                .toList();
        if (!unused.isEmpty()) {
            LOG.info(
                    "Columns of {} that are not used: {}",
                    ForeignText.shown(source),
                    ForeignText.shown(String.join(", ", unused)));
        }
    }
}
