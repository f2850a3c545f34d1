// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inventory.MediaInput.Format;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** Reads a metadata table with the columns of Open-Sora's datasets; all values are read as text at first. */
final class MetadataTable {
    static final String PATH = "path";
    static final String TEXT = "text";
    /** Position in the table, from 0. */
    static final String ROW = "table_row";
    /** Why a line cannot be taken apart. */
    static final String BROKEN = "broken";

    private static final List<String> COLUMNS =
            List.of(PATH, TEXT, "id", "num_frames", "height", "width", "fps", BROKEN);
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
     * @param partitions for looking at the files
     * @return {@link ClipTables#INVENTORY}
     * @throws UserError if the table has no column {@code path}
     */
    static Dataset<Row> read(SparkSession spark, MediaInput.Table table, int partitions) {
        Set<String> columns = new LinkedHashSet<>();
        Dataset<Row> texts = null;
        for (String file : table.files()) {
            Dataset<Row> one = readFile(spark, table.format(), file, columns);
            texts = texts == null ? one : texts.union(one);
        }
        if (table.format() != Format.JSON_LINES) {
            announce(table.files(), columns);
        }
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<SerializableConfiguration> hadoop =
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
        boolean captions = table.format() == Format.JSON_LINES || columns.contains(TEXT);
        Dataset<Row> numbered = spark.createDataFrame(
                texts.toJavaRDD().zipWithIndex().map(pair -> withIndex(pair._1(), pair._2())),
                TEXTS.add(ROW, DataTypes.LongType, false));
        return numbered.repartition(partitions)
                .map(new TableRow(hadoop, table.root(), captions), Encoders.row(ClipTables.INVENTORY));
    }

    private static Row withIndex(Row row, long index) {
        Object[] values = new Object[row.size() + 1];
        for (int i = 0; i < row.size(); i++) {
            values[i] = row.get(i);
        }
        values[row.size()] = index;
        return RowFactory.create(values);
    }

    private static Dataset<Row> readFile(SparkSession spark, Format format, String file, Set<String> columns) {
        if (format == Format.JSON_LINES) {
            return spark.read()
                    .textFile(file)
                    .filter((org.apache.spark.api.java.function.FilterFunction<String>) line -> !line.isBlank())
                    .map(new JsonLine(), Encoders.row(TEXTS));
        }
        // Captions may hold line breaks, so that only a reader of the whole file finds where a row ends.
        Dataset<Row> read = format == Format.PARQUET
                ? spark.read().parquet(file)
                : spark.read()
                        .option("header", true)
                        .option("multiLine", true)
                        .option("quote", "\"")
                        .option("escape", "\"")
                        .option("ignoreLeadingWhiteSpace", true)
                        .csv(file);
        List<String> there = Arrays.asList(read.columns());
        if (!there.contains(PATH)) {
            throw new UserError("Cannot read " + file + ": it has no column 'path', only " + String.join(", ", there)
                    + ". Name the column of file paths 'path'.");
        }
        columns.addAll(there);
        List<Column> selected = new ArrayList<>();
        for (String name : COLUMNS) {
            selected.add(
                    there.contains(name) && !name.equals(BROKEN)
                            ? col("`" + name + "`").cast("string").as(name)
                            : lit(null).cast("string").as(name));
        }
        return read.select(selected.toArray(Column[]::new));
    }

    private static void announce(List<String> files, Set<String> columns) {
        List<String> unused =
                columns.stream().filter(name -> !COLUMNS.contains(name)).toList();
        if (!unused.isEmpty()) {
            LOG.info("Columns of {} that are not used: {}", files.get(0), String.join(", ", unused));
        }
    }

    /** Takes a line of JSON apart; a broken one keeps its place in the order. */
    private static final class JsonLine implements MapFunction<String, Row> {
        private static final long serialVersionUID = 1L;
        private static final ObjectMapper JSON = new ObjectMapper();

        @Override
        public Row call(String line) {
            Object[] values = new Object[COLUMNS.size()];
            try {
                JsonNode json = JSON.readTree(line);
                if (!json.isObject()) {
                    values[COLUMNS.indexOf(BROKEN)] = "it is no JSON object";
                    return RowFactory.create(values);
                }
                for (int i = 0; i < values.length; i++) {
                    JsonNode value = json.path(COLUMNS.get(i));
                    values[i] = value.isMissingNode()
                                    || value.isNull()
                                    || COLUMNS.get(i).equals(BROKEN)
                            ? null
                            : value.isValueNode() ? value.asText() : value.toString();
                }
            } catch (JsonProcessingException e) {
                values[COLUMNS.indexOf(BROKEN)] = "it is no JSON: "
                        + e.getOriginalMessage().lines().findFirst().orElse("");
            }
            return RowFactory.create(values);
        }
    }
}
