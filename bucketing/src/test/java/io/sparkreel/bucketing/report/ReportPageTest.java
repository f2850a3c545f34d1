// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.Outcome;
import io.sparkreel.bucketing.report.BucketingReport.Cell;
import io.sparkreel.bucketing.report.BucketingReport.Example;
import io.sparkreel.bucketing.report.BucketingReport.Media;
import io.sparkreel.bucketing.report.BucketingReport.Plan;
import io.sparkreel.bucketing.report.BucketingReport.Shelf;
import java.util.Base64;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReportPageTest {
    private static final String HOSTILE = "\"><script>alert(1)</script>&";
    private static final byte[] JPEG = {1, 2, 3};
    private static final Bucket WIDE = new Bucket("144p", 16, "0.56", 144, 256);
    private static final Bucket TALL = new Bucket("144p", 1, "1.78", 256, 144);

    private static BucketingReport report(int draws, List<Plan> plans) {
        Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
        outcomes.put(Outcome.ASSIGNED, 1234L);
        outcomes.put(Outcome.TOO_SHORT, 1L);
        outcomes.put(Outcome.KEEP_PROB, 765L);
        Map<String, Long> sizes = new LinkedHashMap<>();
        sizes.put("smaller", 0L);
        sizes.put("144p", 2000L);
        return new BucketingReport(
                "/data/" + HOSTILE,
                Map.of("seed", "42", HOSTILE, HOSTILE),
                new Media(1500, 500, 5400, 1_234_567_890L, sizes),
                draws,
                outcomes,
                List.of(new Cell("144p", 1, 1, 234, 234), new Cell("144p", 16, 0.5, 1000, 987.6)),
                List.of(
                        new Shelf(
                                TALL,
                                234,
                                10,
                                BucketingReport.tokens(TALL),
                                null,
                                "",
                                List.of(
                                        new Example("file:/v/" + HOSTILE, HOSTILE),
                                        new Example("s3a://b/a%20b.mp4", ""))),
                        new Shelf(WIDE, 1000, null, BucketingReport.tokens(WIDE), JPEG, HOSTILE, List.of())),
                plans,
                Map.of("truncated", 3L, "no_frames", 2L));
    }

    private static String text(String html) {
        return html.replaceAll("(?s)<style>.*?</style>", " ")
                .replaceAll("<[^>]*>", " ")
                .replaceAll("\\s+", " ");
    }

    private static String table(String html, String id) {
        Matcher table = Pattern.compile("(?s)<table[^>]*id=\"" + id + "\">(.*?)</table>")
                .matcher(html);
        assertTrue(table.find(), id);
        return text(table.group(1));
    }

    @Test
    void saysWhatBecameOfEveryClip() {
        String html = report(1, List.of()).html();
        String text = text(html);
        assertTrue(
                text.contains("2,000 clips 1,500 videos 500 images 1.50 hours of video 1.2 GB of files 5 put aside"),
                text);
        assertEquals(
                " in a bucket 1,234 61.7 % too short for every frame count 1 0.1 % lost to keep_prob 765 38.3 % all 2,000 ",
                table(html, "outcomes"));
        assertTrue(table(report(3, List.of()).html(), "outcomes").contains("all, over 3 draws 2,000"));
    }

    @Test
    void cellsSayWhatTheRuleExpects() {
        String heat = table(report(1, List.of()).html(), "heat");
        assertTrue(heat.contains("image 16 frames 144p 234 expected 234.0 keep_prob 1.0 1,000 expected 987.6"), heat);
    }

    /** 16x9 patches of 2x2 latent pixels of 8x8 pixels for each frame. */
    @Test
    void bucketsHaveTokensAndBatches() {
        assertEquals(16L * 16 * 9, BucketingReport.tokens(WIDE));
        assertEquals(5L * 4, BucketingReport.tokens(new Bucket("x", 1, "1", 72, 71)));
        String html = report(1, List.of()).html();
        String buckets = table(html, "buckets");
        assertTrue(buckets.contains("144&times;256 234 10 24 144 33,696 1.4 %"), buckets);
        assertTrue(buckets.contains("256&times;144 1,000 2,304 2,304,000 98.6 %"), buckets);
        assertTrue(html.contains(
                "src=\"data:image/jpeg;base64," + Base64.getEncoder().encodeToString(JPEG)));
    }

    @Test
    void aBucketLeadsToSomeOfItsClips() {
        String html = report(1, List.of()).html();
        assertTrue(html.contains("<tr id=\"bucket-" + TALL.id() + "\">"));
        assertTrue(html.contains("<a href=\"s3a://b/a%20b.mp4\">a%20b.mp4</a></li>"), "a clip without a caption");
        assertEquals(1, html.split("<summary>some clips</summary>", -1).length - 1, "only where there are some");
    }

    @Test
    void whatTrainingWouldBeLikeIsToldWhereBatchSizesAreKnown() {
        assertFalse(report(1, List.of()).html().contains("Training on them"));
        String plans = table(report(1, List.of(new Plan(8, 32, 1200, 0.9876))).html(), "plans");
        assertTrue(plans.contains("8 32 1,200 98.8 %"), plans);
    }

    @Test
    void textOfOthersStaysText() {
        String html = report(1, List.of()).html();
        assertFalse(html.contains("<script"), "nothing of a name becomes markup");
        assertTrue(html.contains("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;"));
    }
}
