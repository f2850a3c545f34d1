// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.report;

import static io.sparkreel.jobs.BucketedMedia.config;
import static io.sparkreel.jobs.BucketedMedia.copy;
import static io.sparkreel.jobs.BucketedMedia.run;
import static io.sparkreel.jobs.BucketedMedia.table;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.Chromium;
import io.sparkreel.jobs.LocalSpark;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The numbers of the report are those of the tables. */
class ReportTest {
    @TempDir
    static Path folder;

    private static Path output;
    private static String html;

    @BeforeAll
    static void report() throws Exception {
        Path media = folder.resolve("media <b>");
        output = folder.resolve("out");
        copy(
                media,
                "plain.mp4",
                "hevc.mp4",
                "av1.mp4",
                "rotated-90.mp4",
                "still.png",
                "still.jpg",
                "moving.gif",
                "cut-before-moov.mov",
                "sound.m4a",
                "variable-rate.mp4");
        Files.writeString(media.resolve("text.mp4"), "no media");
        run(config(
                media,
                output,
                "resolution_slack: 0.3",
                "epochs: 2",
                "bucket_config: {144p: {16: [0.5, 2], 8: [0.3, 3]}, tiny: {8: [0.5, 2], 32: [0.0, null]}}",
                "resolutions: {tiny: {pixels: 4096, ratios: {'0.56': [48, 86], '1.00': [64, 64], '1.78': [86, 48]}}}"));
        html = Files.readString(output.resolve("report.html"));
        for (String name : List.of("clips", "quarantine", "shards")) {
            table(output, name).createOrReplaceTempView("report_" + name);
        }
    }

    /** The rows of a table, each cell as text. */
    private static List<List<String>> rows(String id) {
        Matcher table = Pattern.compile("<table[^>]*id=\"" + id + "\">(.*?)</table>", Pattern.DOTALL)
                .matcher(html);
        assertTrue(table.find(), "no table " + id);
        List<List<String>> rows = new ArrayList<>();
        for (String row : table.group(1).split("<tr[^>]*>")) {
            List<String> cells = new ArrayList<>();
            Matcher cell =
                    Pattern.compile("<t[hd][^>]*>(.*?)</t[hd]>", Pattern.DOTALL).matcher(row);
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
        table(output, "shards")
                .groupBy("resolution", "bucket_frames", "aspect")
                .agg(functions.count("*"))
                .collectAsList()
                .forEach(row -> counted.put(row.get(0) + "-" + row.get(1) + "-" + row.get(2), row.getLong(3)));
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
        assertEquals(
                List.of("1", "8", "64"),
                plans.subList(1, 4).stream().map(row -> row.get(0)).toList());
        assertEquals(
                List.of("4", "32", "256"),
                plans.subList(1, 4).stream().map(row -> row.get(1)).toList());
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
        assertEquals(
                clips,
                rows("size").stream().mapToLong(row -> number(row.get(1))).sum());
        assertEquals(
                kept,
                rows("aspect").stream().mapToLong(row -> number(row.get(1))).sum());

        Matcher picture =
                Pattern.compile("src=\"data:image/jpeg;base64,([^\"]+)\"").matcher(html);
        int pictures = 0;
        while (picture.find()) {
            var image =
                    ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(picture.group(1))));
            assertEquals(160, Math.max(image.getWidth(), image.getHeight()));
            pictures++;
        }
        assertEquals(counted.size(), pictures);
        assertFalse(
                html.contains("<script")
                        || html.contains("http://")
                        || html.contains("https://")
                        || html.contains("media <b>"),
                "not self-contained, or not escaped");
    }

    /** The large numbers at the top, by what stands below each. */
    @Test
    void tilesAreWhatSqlSays() {
        Map<String, String> tiles = new TreeMap<>();
        Matcher tile =
                Pattern.compile("<div class=\"tile\"><b>(.*?)</b>(.*?)</div>").matcher(html);
        while (tile.find()) {
            tiles.put(tile.group(2), tile.group(1));
        }
        Row sums = LocalSpark.session()
                .sql("select count(*), count_if(kind = 'video'), count_if(kind = 'image'),"
                        + " sum(if(kind = 'video', duration_s, 0)) / 3600, sum(bytes),"
                        + " (select count(*) from report_quarantine) from report_clips")
                .head();
        assertEquals(
                Map.of(
                        "clips",
                        "" + sums.getLong(0),
                        "videos",
                        "" + sums.getLong(1),
                        "images",
                        "" + sums.getLong(2),
                        "hours of video",
                        String.format(Locale.ROOT, "%.2f", sums.getDouble(3)),
                        "of files",
                        String.format(Locale.ROOT, "%.1f kB", sums.getLong(4) / 1000.0),
                        "put aside",
                        "" + sums.getLong(5)),
                tiles);
    }

    /** What the rule expects, worked out in SQL for this configuration: 144p admits nothing, tiny 8 takes half. */
    @Test
    void expectedNumbersAreThoseOfTheRule() {
        double expected = LocalSpark.session()
                .sql("select 2 * sum(case when width * height < 0.3 * 4096 then 0"
                        + " when num_frames > 32 then 0 when num_frames > 8 then 0.5 else 0 end) from report_clips")
                .head()
                .getDecimal(0)
                .doubleValue();
        List<List<String>> heat = rows("heat");
        String cell = heat.stream()
                .filter(row -> row.get(0).equals("tiny"))
                .findFirst()
                .orElseThrow()
                .get(1);
        assertTrue(cell.contains(String.format(Locale.ROOT, "expected %.1f keep_prob 0.5", expected)), cell);
    }

    @Test
    void aBrowserShowsItWithoutComplaintAlsoOnAPhone() throws Exception {
        Path scratch = Files.createDirectories(folder.resolve("browser"));
        Chromium.Page page = Chromium.open(output.resolve("report.html"), scratch);
        assertEquals(List.of(), page.console());
        assertTrue(page.dom().contains("<table id=\"buckets\">"), page.dom());
        // No wider than the screen: what is wider scrolls by itself.
        Path phone = Files.writeString(
                scratch.resolve("phone.html"),
                "<iframe style='border: 0; width: 360px; height: 700px'"
                        + " srcdoc=\"" + html.replace("&", "&amp;").replace("\"", "&quot;")
                        + "\"></iframe><script>onload = () => {"
                        + " const root = frames[0].document.documentElement;"
                        + " document.body.dataset.fits = root.scrollWidth <= root.clientWidth;"
                        + " console.error('to see that errors would be seen') }</script>");
        Chromium.Page small = Chromium.open(phone, scratch);
        assertEquals(1, small.console().size(), small.console()::toString);
        assertTrue(
                small.dom().contains("data-fits=\"true\""),
                () -> small.dom().replaceAll("(?s).*<body([^>]*)>.*", "$1"));
    }
}
