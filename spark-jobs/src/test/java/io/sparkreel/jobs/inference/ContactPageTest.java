// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.sparkreel.jobs.Chromium;
import io.sparkreel.jobs.storage.ClipFile;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContactPageTest {
    private static final String HOSTILE =
            "</script><script>throw new Error('ran')</script> \"quoted\" & <b>\ud83d\ude80";
    private static final int HEIGHT = 48;
    private static final int WIDTH = 64;
    private static final int FRAMES = 12;
    private static final int FPS = 4;
    /** What a video does is asked for after so long. */
    private static final int WATCHED_MS = 2500;

    @TempDir
    Path folder;

    private final List<ClipResult> results = new ArrayList<>();

    private void clip(String name, int frames) throws IOException {
        HadoopStorage output = new HadoopStorage(new Configuration(), folder.toString());
        try (ClipFile file = new ClipFile(output, name, HEIGHT, WIDTH, FPS)) {
            for (int i = 0; i < frames; i++) {
                float[] frame = new float[3 * HEIGHT * WIDTH];
                java.util.Arrays.fill(frame, 2f * i / frames - 1);
                file.write(frame);
            }
            file.publish();
            results.add(new ClipResult(
                    results.size(),
                    0,
                    HOSTILE,
                    file.uri(),
                    42,
                    frames,
                    FPS,
                    HEIGHT,
                    WIDTH,
                    1.5,
                    "ok",
                    null,
                    "",
                    "ddim, 50 steps, reference_path " + HOSTILE));
        }
    }

    private Path page() throws IOException {
        clip("plain.mp4", FRAMES);
        clip("100% #1 & \ud83d\ude80 'x'.mp4", FRAMES);
        clip("animation.gif", FRAMES);
        clip("picture.png", 1);
        results.add(ClipResult.failed(results.size(), 0, HOSTILE, 42, "p.jsonl, line 5: " + HOSTILE, null));
        return Files.writeString(folder.resolve("contact-sheet.html"), ContactPage.html(results));
    }

    @Test
    void textsAreNeverMarkup() throws IOException {
        String html = Files.readString(page());
        assertEquals(1, html.split("<script", -1).length - 1);
        assertFalse(html.contains("<b>"));
        assertTrue(html.contains("4 clips, 1 failed"));
        assertTrue(html.contains("12 frames of 48x64 at 4 fps; ddim, 50 steps"), html);
        assertTrue(html.contains("seed 42, 1 frame of 48x64;"), "a picture has no rate");
    }

    /** The page as it is, and a script at its end that comes late and tells what the videos do by then. */
    @Test
    void videosPlayInABrowserAndNothingComplains() throws Exception {
        Path page = page();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/late.js", exchange -> {
            try {
                Thread.sleep(WATCHED_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            byte[] script = """
                    const told = document.createElement("pre");
                    told.id = "told";
                    told.textContent = JSON.stringify({
                      videos: [...document.querySelectorAll("video")].map(video => ({
                        time: video.currentTime, paused: video.paused, width: video.videoWidth, seconds: video.duration,
                        error: video.error && video.error.message})),
                      images: [...document.querySelectorAll("img")].map(image => image.naturalWidth)});
                    document.body.append(told);
                    """.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "text/javascript");
            exchange.sendResponseHeaders(200, script.length);
            exchange.getResponseBody().write(script);
            exchange.close();
        });
        server.start();
        try {
            Path watched = Files.writeString(
                    folder.resolve("watched.html"),
                    Files.readString(page)
                            .replace(
                                    "</body>",
                                    "<script src=\"http://127.0.0.1:"
                                            + server.getAddress().getPort() + "/late.js\"></script></body>"));
            Chromium.Page shown = Chromium.open(watched, folder, "--window-size=1600,1200");
            assertEquals(List.of(), shown.console());
            String told =
                    shown.dom().replaceFirst("(?s).*<pre id=\"told\">", "").replaceFirst("(?s)</pre>.*", "");
            JsonNode state = new ObjectMapper().readTree(told);
            assertEquals(2, state.get("videos").size(), told);
            for (JsonNode video : state.get("videos")) {
                assertTrue(video.get("error").isNull() && !video.get("paused").asBoolean(), told);
                assertTrue(video.get("time").asDouble() > 0, told);
                assertEquals(WIDTH, video.get("width").asInt(), told);
                assertEquals((double) FRAMES / FPS, video.get("seconds").asDouble(), 0.01, told);
            }
            assertEquals("[" + WIDTH + "," + WIDTH + "]", state.get("images").toString());
        } finally {
            server.stop(0);
        }
    }
}
