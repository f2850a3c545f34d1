// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * A page that shows all clips of an output folder with prompt, seed and settings. It names them relative to itself,
 * so the folder can be moved and served; it loads nothing else, and prompts in it are text and nothing more.
 */
final class ContactPage {
    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    private static final String HEAD = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Generated clips</title>
            <link rel="icon" href="data:,">
            <style>
            body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; background: #fafafa; color: #222; }
            main { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1rem; align-items: start; }
            figure { margin: 0; padding: .75rem; background: #fff; border: 1px solid #ddd; border-radius: 6px; }
            video, img { width: 100%; height: auto; background: #eee; }
            figcaption p { margin: .4rem 0; overflow-wrap: anywhere; max-height: 9rem; overflow: auto; }
            .facts { color: #666; font-size: 12px; }
            .error { color: #a00; }
            </style>
            </head>
            <body>
            """;
    /** Only clips in view play. A browser may refuse to, which is no error. */
    private static final String TAIL = """
            </main>
            <script>
            const seen = new IntersectionObserver(entries => entries.forEach(entry => {
              if (entry.isIntersecting) entry.target.play().catch(() => {}); else entry.target.pause();
            }));
            document.querySelectorAll("video").forEach(video => seen.observe(video));
            </script>
            </body>
            </html>
            """;

    private ContactPage() {}

    static String html(List<ClipResult> results) {
        long ok = results.stream().filter(ClipResult::isOk).count();
        StringBuilder page = new StringBuilder(HEAD);
        page.append("<h1>").append(ok).append(ok == 1 ? " clip" : " clips");
        if (ok < results.size()) {
            page.append(", ").append(results.size() - ok).append(" failed");
        }
        page.append("</h1>\n<main>\n");
        results.forEach(result -> append(page, result));
        return page.append(TAIL).toString();
    }

    private static void append(StringBuilder page, ClipResult result) {
        page.append("<figure>\n");
        if (result.isOk()) {
            String source = "\"" + encoded(result.fileName()) + "\" width=\"" + result.width() + "\" height=\""
                    + result.height() + "\"";
            page.append(
                    result.fileName().endsWith(".mp4")
                            ? "<video src=" + source
                                    + " preload=\"metadata\" controls loop muted playsinline></video>\n"
                            : "<img src=" + source + " loading=\"lazy\" alt=\"\">\n");
        }
        page.append("<figcaption>\n<p>").append(escaped(result.prompt())).append("</p>\n");
        if (result.isOk()) {
            page.append("<p class=\"facts\">")
                    .append(escaped(result.fileName()))
                    .append(": prompt ")
                    .append(result.promptId())
                    .append(", sample ")
                    .append(result.sample())
                    .append(", seed ")
                    .append(result.seed())
                    .append(", ")
                    .append(result.numFrames())
                    .append(result.numFrames() == 1 ? " frame" : " frames")
                    .append(" of ")
                    .append(result.height())
                    .append("x")
                    .append(result.width());
            if (result.numFrames() > 1) {
                page.append(" at ").append(result.fps()).append(" fps");
            }
            if (result.settings() != null) {
                page.append("; ").append(escaped(result.settings()));
            }
            page.append("</p>\n");
        } else {
            page.append("<p class=\"error\">").append(escaped(result.error())).append("</p>\n");
        }
        page.append("</figcaption>\n</figure>\n");
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    /** As part of an address (RFC 3986); "./" keeps a colon from making a scheme of what is before it. */
    private static String encoded(String name) {
        StringBuilder address = new StringBuilder("./");
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            if (UNRESERVED.indexOf((char) b) >= 0) {
                address.append((char) b);
            } else {
                address.append(String.format(Locale.ROOT, "%%%02X", b & 0xff));
            }
        }
        return address.toString();
    }
}
