// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.report.CurationReport.Bin;
import io.sparkreel.bucketing.report.CurationReport.Film;
import io.sparkreel.bucketing.report.CurationReport.Picture;
import io.sparkreel.bucketing.report.CurationReport.Rule;
import io.sparkreel.bucketing.report.CurationReport.Stage;
import io.sparkreel.bucketing.report.CurationReport.Strip;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CurationPageTest {
    private static final Picture OUT = new Picture(new byte[] {1, 2}, "12: a <b>.mp4", false);
    private static final Picture KEPT = new Picture(null, "31: c.mp4", true);

    private static String page(Rule rule) {
        return new CurationReport(
                        "/data/<films>",
                        Map.of("run", "r & s"),
                        List.of(new Stage("readable videos", 2, 7200), new Stage("not dark", 30, 1800)),
                        List.of(rule),
                        List.of(new Film("film.mp4", 12.5, List.of(new Strip(50, 0.5, KEPT), new Strip(10, 0, OUT)))),
                        Map.of("Clips by reason", Map.of("dark", 3L)),
                        Map.of("truncated", 1L))
                .html();
    }

    private static Rule rule(boolean above, double threshold, Bin... bins) {
        return new Rule("too_dark", "luma", "levels", threshold, above, 27, 30, List.of(bins), List.of(OUT, KEPT));
    }

    @Test
    void hoursInAndOutAndTheYieldAreShown() {
        String page = page(rule(false, 25, new Bin(0, 25, 3), new Bin(25, 50, 27)));
        assertTrue(page.contains("<b>2.00</b>hours in"), page);
        assertTrue(page.contains("<b>0.50</b>hours kept"));
        assertTrue(page.contains("<b>25.0 %</b>of the time"));
        assertTrue(page.contains("<h2>too dark: luma below 25 levels</h2>\n<p>Keeps 27 of 30 clips (90.0 %).</p>"));
    }

    @Test
    void binsBeyondTheThresholdAreGrey() {
        assertEquals(1, grey(page(rule(false, 25, new Bin(0, 25, 3), new Bin(25, 50, 27)))));
        assertEquals(2, grey(page(rule(true, 0.2, new Bin(0, 0.2, 3), new Bin(0.2, 0.4, 2), new Bin(0.4, 0.6, 1)))));
        // All clips have the one value, which is that of the threshold: nothing is beyond it.
        assertEquals(0, grey(page(rule(true, 0, new Bin(0, 1, 3)))));
    }

    private static int grey(String page) {
        return page.split("<i class=\"out\"", -1).length - 1;
    }

    @Test
    void namesOfOthersAreText() {
        String page = page(rule(true, 1));
        assertFalse(page.contains("<films>"));
        assertFalse(page.contains("a <b>"));
        assertTrue(page.contains("12: a &lt;b&gt;.mp4"));
        assertTrue(page.contains("r &amp; s"));
    }

    @Test
    void shotsAreAsLongAsTheirFramesAndFilledAsFarAsTheyAreKept() {
        String page = page(rule(true, 1));
        assertTrue(page.contains("flex: 50; --kept: 50.0%"), page);
        assertTrue(page.contains("flex: 10; --kept: 0.0%"));
        assertEquals(2, page.split("data:image/jpeg", -1).length - 1);
        assertTrue(page.contains("<td>truncated</td><td>1</td>"));
    }
}
