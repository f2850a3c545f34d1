// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.dataset;

import static org.apache.spark.sql.functions.lit;

import io.sparkreel.bucketing.media.range.CropBox;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * What of its file a clip is, as columns of tables: the first frame and the one after the last, and a crop box. All are
 * null for a whole file, and tables of earlier versions lack them.
 */
public final class ClipParts {
    private static final String START = "start_frame";
    private static final String END = "end_frame";
    private static final String X = "crop_x";
    private static final String Y = "crop_y";
    private static final String WIDTH = "crop_w";
    private static final String HEIGHT = "crop_h";

    /** Names of the columns. */
    public static final List<String> COLUMNS = List.of(START, END, X, Y, WIDTH, HEIGHT);

    private ClipParts() {}

    static StructType addTo(StructType table) {
        StructType added = table;
        for (String name : COLUMNS) {
            added = added.add(name, DataTypes.IntegerType);
        }
        return added;
    }

    /** The table with the columns, which it may lack. */
    public static Dataset<Row> in(Dataset<Row> table) {
        List<String> there = Arrays.asList(table.columns());
        Dataset<Row> with = table;
        for (String name : COLUMNS) {
            with = there.contains(name) ? with : with.withColumn(name, lit(null).cast("int"));
        }
        return with;
    }

    /** The part that a row is, of a table that may lack the columns. */
    public static Excerpt of(Row row) {
        List<String> there = Arrays.asList(row.schema().fieldNames());
        return of(name -> there.contains(name) ? row.<Integer>getAs(name) : null);
    }

    /** The part that the values of the columns are; null for values that are not there. */
    public static Excerpt of(Function<String, Integer> values) {
        Integer start = values.apply(START);
        Integer x = values.apply(X);
        FrameRange frames = start == null ? null : new FrameRange(start, values.apply(END));
        CropBox crop = x == null ? null : new CropBox(x, values.apply(Y), values.apply(WIDTH), values.apply(HEIGHT));
        return frames == null && crop == null ? Excerpt.WHOLE : new Excerpt(frames, crop);
    }

    /** The columns that have a value, and the values, for people; null for a whole file. */
    public static String text(Excerpt part) {
        Integer[] values = values(part);
        String text = IntStream.range(0, values.length)
                .filter(i -> values[i] != null)
                .mapToObj(i -> COLUMNS.get(i) + "=" + values[i])
                .collect(Collectors.joining(" "));
        return text.isEmpty() ? null : text;
    }

    /** The values of the columns. */
    public static Integer[] values(Excerpt part) {
        Integer[] values = new Integer[COLUMNS.size()];
        if (part.frames() != null) {
            values[0] = part.frames().start();
            values[1] = part.frames().end();
        }
        if (part.crop() != null) {
            values[2] = part.crop().x();
            values[3] = part.crop().y();
            values[4] = part.crop().width();
            values[5] = part.crop().height();
        }
        return values;
    }
}
