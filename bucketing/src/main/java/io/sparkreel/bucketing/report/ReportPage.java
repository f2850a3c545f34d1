// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.report;

import io.sparkreel.bucketing.bucket.Outcome;
import io.sparkreel.bucketing.report.BucketingReport.Cell;
import io.sparkreel.bucketing.report.BucketingReport.Example;
import io.sparkreel.bucketing.report.BucketingReport.Shelf;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Writes a {@link BucketingReport} as HTML: tables and style only, no script. */
final class ReportPage {

    static final String STYLE = """
            :root { color-scheme: light dark; --ink: #1c2126; --paper: #fff; --line: #d5dae0; --bar: #3b7dd8;
              --quiet: #66707a; --heat: 59, 125, 216; }
            @media (prefers-color-scheme: dark) {
              :root { --ink: #e6e9ec; --paper: #15191d; --line: #363d45; --bar: #6aa3ee; --quiet: #98a2ad;
                --heat: 106, 163, 238; } }
            * { box-sizing: border-box }
            body { margin: 0 auto; padding: 1rem; max-width: 70rem; color: var(--ink); background: var(--paper);
              font: 16px/1.45 system-ui, sans-serif }
            h1 { font-size: 1.4rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
            .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .5rem }
            .tile { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .7rem }
            .tile b { display: block; font-size: 1.3rem }
            .wide { overflow-x: auto }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums }
            th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
            th:first-child, td:first-child, .text { text-align: left }
            small, .quiet { color: var(--quiet) }
            #outcomes td:first-child { white-space: normal }
            .heat td, .heat th:not(:first-child) { text-align: center } .heat td { border: 1px solid var(--line) }
            .heat small { color: inherit; opacity: .8 }
            .bar { width: 40vw; max-width: 24rem } .bar i { display: block; height: .8rem; background: var(--bar) }
            img { display: block; max-width: 8rem; max-height: 6rem; border-radius: .2rem }
            @media (max-width: 30rem) { th, td { padding: .25rem .4rem } img { max-width: 5rem } }
            dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem }
            dd { margin: 0; overflow-wrap: anywhere } a { color: inherit } summary { cursor: pointer; font-size: .85rem }
            details ul { margin: .2rem 0; padding-left: 1.1rem; max-width: 24rem; white-space: normal } tr:target { outline:
              2px solid var(--bar) }
            """;

    private final BucketingReport report;
    private final StringBuilder page = new StringBuilder();

    ReportPage(BucketingReport report) {
        this.report = report;
    }

    String html() {
        String title = "Buckets of " + escape(report.title());
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<link rel=\"icon\" href=\"data:,\">\n<title>")
                .append(title)
                .append("</title>\n<style>\n")
                .append(STYLE)
                .append("</style>\n</head>\n<body>\n<h1>")
                .append(title)
                .append("</h1>\n");
        media();
        outcomes();
        heatMap();
        aspects();
        buckets();
        plans();
        bars(
                "Sizes of clips, by the largest resolution whose pixels they have",
                "size",
                report.media().sizes());
        quarantine();
        facts();
        return page.append("</body>\n</html>\n").toString();
    }

    private void media() {
        BucketingReport.Media media = report.media();
        page.append("<div class=\"tiles\">\n");
        tile("clips", count(media.clips()));
        tile("videos", count(media.videos()));
        tile("images", count(media.images()));
        tile("hours of video", number(media.seconds() / 3600, 2));
        tile("of files", bytes(media.bytes()));
        tile(
                "put aside",
                count(report.quarantine().values().stream().mapToLong(n -> n).sum()));
        page.append("</div>\n");
    }

    private void tile(String name, String value) {
        page.append(String.format(Locale.ROOT, "<div class=\"tile\"><b>%s</b>%s</div>\n", value, name));
    }

    private void heading(String text) {
        page.append("<h2>").append(escape(text)).append("</h2>\n");
    }

    private void outcomes() {
        heading("What happened to every clip");
        page.append("<div class=\"wide\"><table id=\"outcomes\">\n");
        long total = report.outcomes().values().stream().mapToLong(n -> n).sum();
        report.outcomes().forEach((outcome, rows) -> row(words(outcome), count(rows), share(rows, total)));
        row(report.draws() == 1 ? "all" : "all, over " + report.draws() + " draws", count(total), "");
        page.append("</table></div>\n");
    }

    private static String words(Outcome outcome) {
        return switch (outcome) {
            case ASSIGNED -> "in a bucket";
            case TOO_SMALL -> "too small: fewer pixels than any resolution admits";
            case TOO_SHORT -> "too short for every frame count";
            case NO_IMAGE_BUCKET -> "image, and no resolution takes images";
            case BARRIER -> "stopped by keep_prob 0";
            case KEEP_PROB -> "lost to keep_prob";
        };
    }

    private void row(String... cells) {
        page.append("<tr>");
        cells(cells);
    }

    /** The rest of a row that has begun. */
    private void cells(String... cells) {
        for (String cell : cells) {
            page.append("<td>").append(cell).append("</td>");
        }
        page.append("</tr>\n");
    }

    /** Resolutions down, frames across: rows, and what the rule expects. */
    private void heatMap() {
        heading("Clips by resolution and frames");
        Set<String> resolutions = new LinkedHashSet<>();
        Set<Integer> frames = new TreeSet<>();
        Map<String, Cell> cells = new LinkedHashMap<>();
        long most = 1;
        for (Cell cell : report.cells()) {
            resolutions.add(cell.resolution());
            frames.add(cell.frames());
            cells.put(cell.resolution() + "/" + cell.frames(), cell);
            most = Math.max(most, cell.rows());
        }
        page.append("<div class=\"wide\"><table class=\"heat\" id=\"heat\">\n<tr><th></th>");
        frames.forEach(n ->
                page.append("<th>").append(n == 1 ? "image" : n + " frames").append("</th>"));
        page.append("</tr>\n");
        for (String resolution : resolutions) {
            page.append("<tr><th>").append(escape(resolution)).append("</th>");
            for (Integer count : frames) {
                heatCell(cells.get(resolution + "/" + count), most);
            }
            page.append("</tr>\n");
        }
        page.append("</table></div>\n<p class=\"quiet\">Below each count: how many clips the rule and ")
                .append("keep_prob put there on average.</p>\n");
    }

    private void heatCell(Cell cell, long most) {
        if (cell == null) {
            page.append("<td></td>");
            return;
        }
        double depth = Math.sqrt((double) cell.rows() / most) * 0.6;
        page.append(String.format(
                Locale.ROOT,
                "<td style=\"background: rgba(var(--heat), %s)\">%s<br><small>expected %s<br>keep_prob %s</small></td>",
                number(depth, 3),
                count(cell.rows()),
                number(cell.expected(), 1),
                number(cell.keepProbability(), -1)));
    }

    private void aspects() {
        Map<String, Long> labels =
                new TreeMap<>(Comparator.comparingDouble(Double::parseDouble).thenComparing(label -> label));
        report.buckets().forEach(shelf -> labels.merge(shelf.bucket().aspect(), shelf.rows(), Long::sum));
        bars("Aspect ratios of buckets, height / width", "aspect", labels);
    }

    private void bars(String title, String id, Map<String, Long> values) {
        heading(title);
        long most = values.values().stream().mapToLong(n -> n).max().orElse(1);
        page.append("<div class=\"wide\"><table id=\"").append(id).append("\">\n");
        values.forEach((name, rows) -> page.append(String.format(
                Locale.ROOT,
                "<tr><td>%s</td><td>%s</td><td class=\"bar\"><i style=\"width: %s%%\"></i></td></tr>\n",
                escape(name),
                count(rows),
                number(100.0 * rows / Math.max(1, most), 1))));
        page.append("</table></div>\n");
    }

    private void buckets() {
        heading("Buckets");
        page.append("<div class=\"wide\"><table id=\"buckets\">\n<tr><th class=\"text\">picture</th>")
                .append("<th class=\"text\">bucket</th><th>pixels</th><th>clips</th><th>batch size</th>")
                .append("<th>batches</th><th>tokens of a sample</th><th>tokens</th><th>of all tokens</th></tr>\n");
        long all = report.buckets().stream()
                .mapToLong(shelf -> shelf.rows() * shelf.tokens())
                .sum();
        for (Shelf shelf : report.buckets()) {
            page.append("<tr id=\"bucket-").append(escape(shelf.bucket().id())).append("\">");
            cells(
                    picture(shelf) + examples(shelf),
                    escape(shelf.bucket().id()),
                    shelf.bucket().width() + "&times;" + shelf.bucket().height(),
                    count(shelf.rows()),
                    shelf.batchSize() == null ? "" : count(shelf.batchSize()),
                    shelf.batchSize() == null ? "" : count(shelf.batches()),
                    count(shelf.tokens()),
                    count(shelf.rows() * shelf.tokens()),
                    share(shelf.rows() * shelf.tokens(), all));
        }
        page.append("</table></div>\n");
    }

    private void plans() {
        if (report.plans().isEmpty()) {
            return;
        }
        heading("Training on them");
        page.append("<div class=\"wide\"><table id=\"plans\">\n<tr><th>ranks</th><th>micro-batches of a step</th>")
                .append("<th>steps of an epoch</th><th>ranks are busy</th></tr>\n");
        report.plans()
                .forEach(plan -> row(
                        count(plan.ranks()),
                        count(plan.microBatches()),
                        count(plan.steps()),
                        number(100 * plan.efficiency(), 1) + " %"));
        page.append("</table></div>\n<p class=\"quiet\">With these batch sizes and an STDiT2-XL/2;")
                .append(" batch_sizes: auto makes micro-batches cost about the same.</p>\n");
    }

    /** Some of its clips, folded away. */
    private static String examples(Shelf shelf) {
        if (shelf.examples().isEmpty()) {
            return "";
        }
        StringBuilder list = new StringBuilder("<details><summary>some clips</summary><ul>");
        for (Example example : shelf.examples()) {
            String name = example.uri().substring(example.uri().lastIndexOf('/') + 1);
            list.append("<li><a href=\"")
                    .append(escape(example.uri()))
                    .append("\">")
                    .append(escape(name))
                    .append("</a>");
            if (example.caption() != null && !example.caption().isBlank()) {
                list.append(" <small>").append(escape(example.caption())).append("</small>");
            }
            list.append("</li>");
        }
        return list.append("</ul></details>").toString();
    }

    private static String picture(Shelf shelf) {
        if (shelf.thumbnail() == null) {
            return "<small>no picture</small>";
        }
        return String.format(
                Locale.ROOT,
                "<img alt=\"%s\" title=\"%s\" src=\"data:image/jpeg;base64,%s\">",
                escape(shelf.bucket().id()),
                escape(shelf.source()),
                Base64.getEncoder().encodeToString(shelf.thumbnail()));
    }

    private void quarantine() {
        if (!report.quarantine().isEmpty()) {
            bars("Files put aside, by reason", "quarantine", report.quarantine());
        }
    }

    private void facts() {
        heading("The run");
        page.append("<dl>\n");
        report.facts()
                .forEach((name, value) -> page.append(String.format(
                        Locale.ROOT, "<dt class=\"quiet\">%s</dt><dd>%s</dd>\n", escape(name), escape(value))));
        page.append("</dl>\n");
    }

    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** A negative number of digits: as many as there are. */
    static String number(double value, int digits) {
        return digits < 0 ? Double.toString(value) : String.format(Locale.ROOT, "%,." + digits + "f", value);
    }

    static String share(long part, long whole) {
        return whole == 0 ? "" : number(100.0 * part / whole, 1) + " %";
    }

    private static String bytes(long value) {
        List<String> units = List.of("bytes", "kB", "MB", "GB", "TB", "PB");
        double size = value;
        int unit = 0;
        while (size >= 1000 && unit < units.size() - 1) {
            size /= 1000;
            unit++;
        }
        return number(size, unit == 0 ? 0 : 1) + " " + units.get(unit);
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
