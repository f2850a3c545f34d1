// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.jobs.LocalSpark;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

class CaptionJoinTest {
    private static final StructType CLIPS = new StructType()
            .add("clip_id", DataTypes.LongType)
            .add("uri", DataTypes.StringType)
            .add("start_s", DataTypes.DoubleType)
            .add("end_s", DataTypes.DoubleType);
    private static final StructType TEXTS = new StructType()
            .add("uri", DataTypes.StringType)
            .add("text", DataTypes.StringType)
            .add("start_s", DataTypes.DoubleType)
            .add("end_s", DataTypes.DoubleType)
            .add("source", DataTypes.StringType);

    private static Row text(String uri, String text, Double start, Double end, String source) {
        return RowFactory.create(uri, text, start, end, source);
    }

    private static List<String> joined(Row... texts) {
        Dataset<Row> clips = LocalSpark.session()
                .createDataFrame(
                        List.of(
                                RowFactory.create(1L, "a", 0.0, 4.0),
                                RowFactory.create(2L, "a", 4.0, 10.0),
                                RowFactory.create(3L, "b", 0.0, 5.0)),
                        CLIPS);
        return CaptionJoin.join(clips, LocalSpark.session().createDataFrame(List.of(texts), TEXTS))
                .orderBy("clip_id")
                .collectAsList()
                .stream()
                .map(row -> row.getAs("caption") + "/" + row.getAs("caption_source"))
                .toList();
    }

    @Test
    void aClipTakesTheTextThatCoversMostOfIt() {
        assertEquals(
                List.of("one/table", "two/table", "/null"),
                joined(text("a", "one", 0.0, 4.5, "table"), text("a", "two", 4.5, 11.0, "table")));
    }

    @Test
    void aTextOfHalfAClipOrLessIsNotItsCaption() {
        assertEquals(List.of("/null", "/null", "/null"), joined(text("a", "short", 0.0, 2.0, "table")));
        assertEquals(List.of("long/table", "/null", "/null"), joined(text("a", "long", 0.0, 2.1, "table")));
    }

    @Test
    void stretchesGoBeforeWholeVideosAndTablesBeforeFiles() {
        assertEquals(
                List.of("stretch/table", "of all/table", "of b/file"),
                joined(
                        text("a", "beside", null, null, "file"),
                        text("a", "of all", null, null, "table"),
                        text("a", "stretch", 0.0, 4.0, "table"),
                        text("b", "of b", null, null, "file")));
    }

    @Test
    void emptyTextsAreNone() {
        assertEquals(
                List.of("beside/file", "beside/file", "/null"),
                joined(text("a", "", 0.0, 10.0, "table"), text("a", "beside", null, null, "file")));
    }
}
