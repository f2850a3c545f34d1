// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.report;

import static io.sparkreel.bucketing.report.ReportPage.count;
import static io.sparkreel.bucketing.report.ReportPage.escape;
import static io.sparkreel.bucketing.report.ReportPage.number;
import static io.sparkreel.bucketing.report.ReportPage.share;

import io.sparkreel.bucketing.report.CurationReport.Bin;
import io.sparkreel.bucketing.report.CurationReport.Film;
import io.sparkreel.bucketing.report.CurationReport.Picture;
import io.sparkreel.bucketing.report.CurationReport.Rule;
import io.sparkreel.bucketing.report.CurationReport.Stage;
import io.sparkreel.bucketing.report.CurationReport.Strip;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes a {@link CurationReport} as HTML: tables and style only, no script. */
final class CurationPage {

    private static final String STYLE = """
            .bins { display: flex; align-items: flex-end; gap: 1px; height: 5rem; max-width: 40rem }
            .bins i { flex: 1; background: var(--bar); min-height: 1px } .bins i.out { background: var(--line) }
            .scale { display: flex; justify-content: space-between; max-width: 40rem; font-size: .8rem }
            .near, .strip { display: flex; flex-wrap: wrap; gap: .5rem; margin: .5rem 0 }
            figure { margin: 0; max-width: 8rem } figcaption { font-size: .75rem; overflow-wrap: anywhere }
            figure.out img { opacity: .45 }
            .time { display: flex; gap: 2px; height: 1rem; max-width: 60rem }
            .time i { background: linear-gradient(to top, var(--bar) var(--kept), var(--line) 0) }
            """;

    private final CurationReport report;
    private final StringBuilder page = new StringBuilder();

    CurationPage(CurationReport report) {
        this.report = report;
    }

    String html() {
        String title = "Curation of " + escape(report.title());
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<link rel=\"icon\" href=\"data:,\">\n<title>")
                .append(title)
                .append("</title>\n<style>\n")
                .append(ReportPage.STYLE)
                .append(STYLE)
                .append("</style>\n</head>\n<body>\n<h1>")
                .append(title)
                .append("</h1>\n");
        tiles();
        stages();
        report.rules().forEach(this::rule);
        if (!report.films().isEmpty()) {
            heading("Some videos, shot by shot");
            page.append("<p class=\"quiet\">Each stretch is a shot, filled as far as its frames are kept.</p>\n");
            report.films().forEach(this::film);
        }
        report.groups().forEach(this::bars);
        bars("Videos put aside", report.quarantine());
        heading("The run");
        page.append("<dl>\n");
        report.facts()
                .forEach((name, value) -> page.append("<dt>")
                        .append(escape(name))
                        .append("</dt><dd>")
                        .append(escape(value))
                        .append("</dd>\n"));
        return page.append("</dl>\n</body>\n</html>\n").toString();
    }

    private void tiles() {
        Stage first = report.stages().get(0);
        Stage last = report.stages().get(report.stages().size() - 1);
        page.append("<div class=\"tiles\">\n");
        tile("hours in", number(first.seconds() / 3600, 2));
        tile("hours kept", number(last.seconds() / 3600, 2));
        tile("of the time", share(Math.round(last.seconds() * 1000), Math.round(first.seconds() * 1000)));
        tile("clips kept", count(last.items()));
        page.append("</div>\n");
    }

    private void tile(String name, String value) {
        page.append(String.format(Locale.ROOT, "<div class=\"tile\"><b>%s</b>%s</div>\n", value, name));
    }

    private void heading(String text) {
        page.append("<h2>").append(escape(text)).append("</h2>\n");
    }

    private void stages() {
        heading("What is left after each stage");
        page.append("<div class=\"wide\"><table id=\"stages\">\n<tr><th>stage</th><th>videos, then clips</th>")
                .append("<th>seconds</th><th>of the time</th></tr>\n");
        double all = report.stages().get(0).seconds();
        for (Stage stage : report.stages()) {
            page.append(String.format(
                    Locale.ROOT,
                    "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                    escape(stage.name()),
                    count(stage.items()),
                    number(stage.seconds(), 1),
                    share(Math.round(stage.seconds() * 1000), Math.round(all * 1000))));
        }
        page.append("</table></div>\n");
    }

    private void rule(Rule rule) {
        heading(rule.reason().replace('_', ' ') + ": " + rule.measure().replace('_', ' ')
                + (rule.above() ? " above " : " below ") + plain(rule.threshold()) + " " + rule.unit());
        page.append(String.format(
                Locale.ROOT,
                "<p>Keeps %s of %s clips (%s).</p>\n",
                count(rule.keeps()),
                count(rule.clips()),
                share(rule.keeps(), rule.clips())));
        long most = rule.bins().stream().mapToLong(Bin::clips).max().orElse(1);
        page.append("<div class=\"bins\">");
        for (Bin bin : rule.bins()) {
            double middle = rule.bins().size() == 1 ? bin.from() : (bin.from() + bin.until()) / 2;
            boolean out = rule.above() ? middle > rule.threshold() : middle < rule.threshold();
            page.append(String.format(
                    Locale.ROOT,
                    "<i%s style=\"height: %s%%\" title=\"%s to %s: %s clips\"></i>",
                    out ? " class=\"out\"" : "",
                    number(100.0 * bin.clips() / Math.max(1, most), 1),
                    plain(bin.from()),
                    plain(bin.until()),
                    count(bin.clips())));
        }
        page.append("</div>\n");
        if (!rule.bins().isEmpty()) {
            page.append(String.format(
                    Locale.ROOT,
                    "<div class=\"scale quiet\"><span>%s</span><span>%s, %s</span><span>%s</span></div>\n",
                    plain(rule.bins().get(0).from()),
                    escape(rule.measure().replace('_', ' ')),
                    escape(rule.unit()),
                    plain(rule.bins().get(rule.bins().size() - 1).until())));
        }
        pictures("near", rule.near());
    }

    private void pictures(String style, List<Picture> pictures) {
        page.append("<div class=\"").append(style).append("\">");
        for (Picture picture : pictures) {
            page.append("<figure").append(picture.kept() ? ">" : " class=\"out\">");
            if (picture.jpeg() != null) {
                page.append("<img alt=\"\" src=\"data:image/jpeg;base64,")
                        .append(Base64.getEncoder().encodeToString(picture.jpeg()))
                        .append("\">");
            }
            page.append("<figcaption>").append(escape(picture.label())).append("</figcaption></figure>\n");
        }
        page.append("</div>\n");
    }

    private void film(Film film) {
        page.append("<p>")
                .append(escape(film.name()))
                .append(" <span class=\"quiet\">")
                .append(number(film.seconds(), 1))
                .append(" s</span></p>\n<div class=\"time\">");
        for (Strip shot : film.shots()) {
            page.append(String.format(
                    Locale.ROOT,
                    "<i style=\"flex: %d; --kept: %s%%\" title=\"%s\"></i>",
                    shot.frames(),
                    number(100 * shot.kept(), 1),
                    escape(shot.picture().label())));
        }
        page.append("</div>\n");
        pictures("strip", film.shots().stream().map(Strip::picture).toList());
    }

    private void bars(String title, Map<String, Long> values) {
        if (values.isEmpty()) {
            return;
        }
        heading(title);
        long most = values.values().stream().mapToLong(n -> n).max().orElse(1);
        page.append("<div class=\"wide\"><table>\n");
        values.forEach((name, items) -> page.append(String.format(
                Locale.ROOT,
                "<tr><td>%s</td><td>%s</td><td class=\"bar\"><i style=\"width: %s%%\"></i></td></tr>\n",
                escape(name),
                count(items),
                number(100.0 * items / Math.max(1, most), 1))));
        page.append("</table></div>\n");
    }

    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e6
                ? Long.toString((long) value)
                : String.format(Locale.ROOT, "%.3g", value);
    }
}
