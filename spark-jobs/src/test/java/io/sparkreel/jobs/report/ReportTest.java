// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.report;

import static io.sparkreel.jobs.BucketingRun.config;
import static io.sparkreel.jobs.BucketingRun.copy;
import static io.sparkreel.jobs.BucketingRun.run;
import static io.sparkreel.jobs.BucketingRun.table;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The numbers of the report are those of the tables. */
class ReportTest {
    @TempDir
    Path folder;

    private String html;

    /** The rows of a table, each cell as text. */
    private List<List<String>> rows(String id) {
        Matcher table = Pattern.compile("<table[^>]*id=\"" + id + "\">(.*?)</table>", Pattern.DOTALL).matcher(html);
        assertTrue(table.find(), "no table " + id);
        List<List<String>> rows = new ArrayList<>();
        for (String row : table.group(1).split("<tr>")) {
            List<String> cells = new ArrayList<>();
            Matcher cell = Pattern.compile("<t[hd][^>]*>(.*?)</t[hd]>", Pattern.DOTALL).matcher(row);
            while (cell.find()) {
                cells.add(cell.group(1).replaceAll("<[^>]*>", " ").strip());
            }
            if (!cells.isEmpty()) {
                rows.add(cells);
            }
        }
        return rows;
    }

    private static long number(String text) {
        return Long.parseLong(text.replace(",", ""));
    }

    @Test
    void numbersAreThoseOfTheTables() throws Exception {
        Path media = folder.resolve("media <b>");
        Path output = folder.resolve("out");
        copy(media, "plain.mp4", "hevc.mp4", "av1.mp4", "rotated-90.mp4", "still.png", "still.jpg", "moving.gif",
                "cut-before-moov.mov", "sound.m4a", "variable-rate.mp4");
        Files.writeString(media.resolve("text.mp4"), "no media");
        run(config(media, output, "resolution_slack: 0.3", "epochs: 2",
                "bucket_config: {144p: {16: [0.5, 2], 8: [0.3, 3]}, tiny: {8: [0.5, 2], 32: [0.0, null]}}",
                "resolutions: {tiny: {pixels: 4096, ratios: {'0.56': [48, 86], '1.00': [64, 64], '1.78': [86, 48]}}}"));
        html = Files.readString(output.resolve("report.html"));

        long clips = table(output, "clips").count();
        long kept = table(output, "shards").count();
        List<List<String>> outcomes = rows("outcomes");
        long total = 0;
        for (List<String> outcome : outcomes.subList(0, outcomes.size() - 1)) {
            total += number(outcome.get(1));
        }
        assertEquals(2 * clips, total);
        assertEquals(2 * clips, number(outcomes.get(outcomes.size() - 1).get(1)));
        assertEquals(kept, number(outcomes.get(0).get(1)));
        assertEquals("in a bucket", outcomes.get(0).get(0));

        Map<String, Long> counted = new TreeMap<>();
        table(output, "shards").groupBy("resolution", "bucket_frames", "aspect").agg(functions.count("*"))
                .collectAsList().forEach(row -> counted.put(
                        row.get(0) + "-" + row.get(1) + "-" + row.get(2), row.getLong(3)));
        Map<String, Long> shown = new TreeMap<>();
        List<List<String>> buckets = rows("buckets");
        for (List<String> bucket : buckets.subList(1, buckets.size())) {
            shown.put(bucket.get(1), number(bucket.get(3)));
            // The latent of 48x86 is 6x10, so 3x5 patches, for each of 8 frames.
            if (bucket.get(1).equals("tiny-8-0.56")) {
                assertEquals(8 * 3 * 5, number(bucket.get(6)));
                assertEquals((number(bucket.get(3)) + 1) / 2, number(bucket.get(5)));
            }
        }
        assertEquals(counted, shown);
        assertTrue(shown.containsKey("tiny-8-0.56"), shown::toString);

        List<List<String>> plans = rows("plans");
        assertEquals(List.of("1", "8", "64"), plans.subList(1, 4).stream().map(row -> row.get(0)).toList());
        assertEquals(List.of("4", "32", "256"), plans.subList(1, 4).stream().map(row -> row.get(1)).toList());
        assertEquals("100.0 %", plans.get(1).get(3), "one rank waits for nobody");
        assertEquals("1", plans.get(3).get(2), "so few clips fill one step of 64 ranks");

        long inHeatMap = 0;
        List<List<String>> heat = rows("heat");
        assertEquals(List.of("", "8 frames", "16 frames", "32 frames"), heat.get(0));
        for (List<String> row : heat.subList(1, heat.size())) {
            for (String cell : row.subList(1, row.size())) {
                inHeatMap += cell.isEmpty() ? 0 : number(cell.split(" ")[0]);
            }
        }
        assertEquals(kept, inHeatMap);

        Map<String, Long> reasons = new TreeMap<>();
        for (Row row : table(output, "quarantine").groupBy("reason").count().collectAsList()) {
            reasons.put(row.getString(0), row.getLong(1));
        }
        Map<String, Long> shownReasons = new TreeMap<>();
        rows("quarantine").forEach(row -> shownReasons.put(row.get(0), number(row.get(1))));
        assertEquals(reasons, shownReasons);
        assertEquals(clips, rows("size").stream().mapToLong(row -> number(row.get(1))).sum());
        assertEquals(kept, rows("aspect").stream().mapToLong(row -> number(row.get(1))).sum());

        Matcher picture = Pattern.compile("src=\"data:image/jpeg;base64,([^\"]+)\"").matcher(html);
        int pictures = 0;
        while (picture.find()) {
            var image = ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(picture.group(1))));
            assertEquals(160, Math.max(image.getWidth(), image.getHeight()));
            pictures++;
        }
        assertEquals(counted.size(), pictures);
        assertFalse(html.contains("<script") || html.contains("http://") || html.contains("https://")
                || html.contains("media <b>"), "not self-contained, or not escaped");
    }
}
