// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import io.sparkreel.bucketing.media.MediaSource;
import io.sparkreel.bucketing.media.format.ContentDigest;
import io.sparkreel.bucketing.media.scale.Plane;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Signals of full-size frames against what OpenCV, FFmpeg's filters and imagehash measured. */
@Golden
class GoldenSignalsTest {

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.sparkreel.bucketing.curate.signal.GoldenFootage#names")
    void framesAreWhatOtherReadersSee(String name, GoldenData golden) throws IOException, MediaException {
        GoldenFootage footage = GoldenFootage.of(golden, name);
        JsonNode opencv = footage.said().get("opencv");
        int frame = 0;
        try (MediaSource source = MediaSource.of(footage.video());
                FootageReader reader = FootageReader.open(source)) {
            for (; reader.next(); frame++) {
                Plane[] bgr = reader.bgr(null);
                Picture picture = Picture.of(bgr);
                int[][] channels = {picture.blue(), picture.green(), picture.red()};
                for (int channel = 0; channel < 3; channel++) {
                    assertEquals(
                            opencv.get("bgr_mean").get(frame).get(channel).asDouble(),
                            mean(channels[channel]),
                            1e-3,
                            "channel " + channel + " of frame " + frame);
                }
                int[] grey = new int[bgr[0].width() * bgr[0].height()];
                picture.grey(grey);
                assertEquals(opencv.get("gray_mean").get(frame).asDouble(), mean(grey), 1e-3, "grey of frame " + frame);
                double variance = opencv.get("laplacian_variance").get(frame).asDouble();
                assertEquals(
                        variance,
                        Sharpness.variance(grey, bgr[0].width()),
                        1e-3 + 1e-4 * variance,
                        "sharpness of frame " + frame);
            }
        }
        assertEquals(footage.said().at("/decoded/frames").asInt(), frame);
    }

    private static double mean(int[] values) {
        long sum = 0;
        for (int value : values) {
            sum += value;
        }
        return (double) sum / values.length;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.sparkreel.bucketing.curate.signal.GoldenFootage#names")
    void contentHashAndHistogram(String name, GoldenData golden) throws IOException, MediaException {
        GoldenFootage footage = GoldenFootage.of(golden, name);
        for (int size : new int[] {256, 0}) {
            FrameSignals signals = footage.signals(new SignalOptions(size, 256, true, false, 0.10, 0.001, 24));
            for (JsonNode run : footage.said().get("pyscenedetect")) {
                if (!run.has("metrics") || run.get("auto_downscale").asBoolean() != (size > 0)) {
                    continue;
                }
                JsonNode metrics = run.get("metrics");
                compare(run, metrics.get("delta_hue"), signals.hue());
                compare(run, metrics.get("delta_sat"), signals.saturation());
                compare(run, metrics.get("delta_lum"), signals.value());
                compare(run, metrics.get("delta_edges"), signals.edges());
                metrics.fieldNames().forEachRemaining(key -> {
                    if (key.startsWith("hash_dist")) {
                        compare(run, metrics.get(key), signals.hash());
                    } else if (key.startsWith("hist_diff")) {
                        compare(run, metrics.get(key), signals.histogram());
                    } else if (key.equals("average_rgb")) {
                        compare(run, metrics.get(key), signals.colour());
                    }
                });
            }
        }
    }

    private static void compare(JsonNode run, JsonNode expected, float[] actual) {
        if (expected == null) {
            return;
        }
        int first = run.get("metrics_first_frame").asInt();
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(
                    expected.get(i).asDouble(),
                    actual[first + i],
                    1e-4,
                    run.get("detector") + " " + run.get("params") + " frame " + (first + i));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.sparkreel.bucketing.curate.signal.GoldenFootage#names")
    void lumaBlackFrozenAndMotion(String name, GoldenData golden) throws IOException, MediaException {
        GoldenFootage footage = GoldenFootage.of(golden, name);
        if (!footage.isYuv()) {
            return;
        }
        FrameSignals signals = footage.signals(new SignalOptions(256, 0, false, false, 0.10, 0.001, 24));
        JsonNode ffmpeg = footage.said().get("ffmpeg");
        double[] motion = GoldenFootage.doubles(ffmpeg.get("vmafmotion"));
        JsonNode stats = ffmpeg.get("signalstats");
        for (int frame = 0; frame < signals.frames(); frame++) {
            assertEquals(motion[frame], signals.motion()[frame], 0.006, "motion of frame " + frame);
            assertEquals(stats.get("YAVG").get(frame).asDouble(), signals.luma()[frame], 1e-3, "luma of " + frame);
            assertEquals(stats.get("YLOW").get(frame).asInt(), signals.dark()[frame] & 0xff, "10 % of " + frame);
            assertEquals(stats.get("YHIGH").get(frame).asInt(), signals.bright()[frame] & 0xff, "90 % of " + frame);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.sparkreel.bucketing.curate.signal.GoldenFootage#names")
    void barsAsCropdetectSeesThem(String name, GoldenData golden) throws IOException, MediaException {
        GoldenFootage footage = GoldenFootage.of(golden, name);
        if (!footage.isYuv()) {
            return;
        }
        List<Bars> bars = new ArrayList<>();
        int width = footage.said().at("/decoded/width").asInt();
        int height = footage.said().at("/decoded/height").asInt();
        try (MediaSource source = MediaSource.of(footage.video());
                FootageReader reader = FootageReader.open(source)) {
            while (reader.next()) {
                bars.add(Bars.of(reader.luma(), 24));
            }
        }
        for (JsonNode run : footage.said().at("/ffmpeg/cropdetect")) {
            int reset = run.get("args").asText().endsWith("reset=25") ? 25 : Integer.MAX_VALUE;
            Bars.Picture picture = new Bars.Picture(width, height);
            List<String> expected = new ArrayList<>();
            for (JsonNode change : run.get("changes")) {
                expected.add(Arrays.toString(GoldenFootage.ints(change)));
            }
            List<String> changes = new ArrayList<>();
            int[] before = new int[0];
            for (int frame = 0; frame < bars.size(); frame++) {
                if (frame > 0 && frame % reset == 0) {
                    picture = new Bars.Picture(width, height);
                }
                picture.add(bars.get(frame));
                int[] box = {
                    frame,
                    picture.left(),
                    picture.right(),
                    picture.top(),
                    picture.bottom(),
                    picture.boxWidth(),
                    picture.boxHeight(),
                    picture.x(),
                    picture.y()
                };
                if (!Arrays.equals(box, 1, box.length, before, Math.min(1, before.length), before.length)) {
                    changes.add(Arrays.toString(box));
                    before = box;
                }
            }
            assertEquals(expected, changes, run.get("args").asText());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.sparkreel.bucketing.curate.signal.GoldenFootage#names")
    void perceptualHashes(String name, GoldenData golden) throws IOException, MediaException {
        GoldenFootage footage = GoldenFootage.of(golden, name);
        Map<Integer, JsonNode> rows = new HashMap<>();
        footage.said().at("/imagehash/rows").forEach(row -> rows.put(row.get(0).asInt(), row));
        assertTrue(!rows.isEmpty());
        try (MediaSource source = MediaSource.of(footage.video());
                FootageReader reader = FootageReader.open(source)) {
            for (int frame = 0; reader.next(); frame++) {
                JsonNode row = rows.get(frame);
                if (row != null) {
                    assertHashes("frame " + frame, row.get(1), row.get(2), reader.bgr(null));
                }
            }
        }
    }

    private static void assertHashes(String where, JsonNode phash, JsonNode dhash, Plane[] bgr) {
        Picture picture = Picture.of(bgr);
        int[] grey = PerceptualHash.grey(picture);
        assertEquals(phash.asText(), HexFormat.of().toHexDigits(PerceptualHash.phash(grey, picture.width())), where);
        assertEquals(dhash.asText(), HexFormat.of().toHexDigits(PerceptualHash.dhash(grey, picture.width())), where);
    }

    static List<String> versionsOfShots(GoldenData golden) {
        List<String> names = new ArrayList<>();
        golden.requiredJson("curate/dupes.json").get("clips").fieldNames().forEachRemaining(names::add);
        return names;
    }

    @ParameterizedTest(name = "dupes/{0}")
    @MethodSource("versionsOfShots")
    void hashesAndDigestsOfVersionsOfAShot(String name, GoldenData golden) throws IOException, MediaException {
        JsonNode clip = golden.requiredJson("curate/dupes.json").get("clips").get(name);
        Map<Integer, JsonNode> rows = new HashMap<>();
        for (int i = 0; i < clip.get("sampled").size(); i++) {
            rows.put(clip.get("sampled").get(i).asInt(), clip.get("hashes").get(i));
        }
        int seen = 0;
        try (MediaSource source = MediaSource.of(golden.required("curate/dupes/" + name));
                FootageReader reader = FootageReader.open(source)) {
            for (int frame = 0; reader.next(); frame++) {
                JsonNode row = rows.get(frame);
                if (row != null) {
                    assertHashes("frame " + frame, row.get(0), row.get(1), reader.bgr(null));
                    seen++;
                }
            }
            assertEquals(clip.get("video_packets_md5").asText(), reader.packetDigest());
            assertEquals(clip.get("video_packets_md5").asText(), FootageReader.packetDigest(source));
            assertEquals(clip.get("sha256").asText(), ContentDigest.of(source));
        }
        assertEquals(rows.size(), seen);
    }
}
