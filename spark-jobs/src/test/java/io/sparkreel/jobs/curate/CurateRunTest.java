// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.Chromium;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.dataset.CurateManifest;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.FolderLease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole curate job over short films whose cuts, black and frozen stretches and bars are known. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class CurateRunTest {
    private static final Path FILMS = BucketedMedia.ROOT.resolve("bucketing/src/test/resources/golden/curate");
    private static final List<String> USED =
            List.of("hard-cuts.mp4", "freeze-black.mp4", "letterbox-whole.mp4", "vfr.mp4", "whip-pan.mp4");

    private Path folder;
    private Path input;
    private Path output;
    private CurateManifest manifest;

    @BeforeAll
    void curate(@TempDir Path given) throws IOException {
        folder = given;
        input = Files.createDirectories(folder.resolve("films [1]"));
        for (String film : USED) {
            Files.copy(FILMS.resolve(film), input.resolve(film));
        }
        Files.copy(BucketedMedia.ROOT.resolve("conf/quickstart/clips/christmas-table.jpg"), input.resolve("still.jpg"));
        Files.writeString(input.resolve("letterbox-whole.txt"), "A film with bars.");
        Files.writeString(input.resolve("text.mp4"), "no film at all");
        Files.createFile(input.resolve("empty.mp4"));
        output = folder.resolve("curated");
        manifest = run(output, "balanced", "input: '" + input + "'", "reject: {too_short: 1.0}");
    }

    private static CurateConfig config(Path output, String preset, String... lines) throws IOException {
        Path file = BucketedMedia.ROOT.resolve("conf/curate/" + preset + ".yaml");
        return ConfigLoader.parse(
                        CurateConfig.class,
                        "test.yaml",
                        merged(Files.readString(file), lines) + "output: '" + output + "'\n",
                        List.of())
                .config();
    }

    /** Sections of the lines take the place of those of the preset. */
    private static String merged(String preset, String... lines) {
        Map<String, String> sections = new TreeMap<>();
        for (String text : Stream.concat(Stream.of(preset.split("\n(?=[a-z])")), Stream.of(lines))
                .toList()) {
            String name = text.substring(0, Math.max(0, text.indexOf(':')));
            if (!text.startsWith("#") && !name.isEmpty()) {
                sections.put(name, text);
            }
        }
        return String.join("\n", sections.values()) + "\n";
    }

    private static CurateManifest run(Path output, String preset, String... lines) throws IOException {
        CurateConfig config = config(output, preset, lines);
        return CurateRun.execute(
                config, CurateRun.prepare(config, new Configuration()), LocalSpark.session(), FolderLease.none());
    }

    private static Dataset<Row> table(Path output, CurateManifest manifest, String name) {
        return LocalSpark.session()
                .read()
                .parquet(output.resolve(manifest.folder(name)).toString().replace("[", "\\["));
    }

    private static List<String> clips(Path output, CurateManifest manifest, String condition) {
        return table(output, manifest, CurateManifest.CLIPS)
                .where(condition)
                .orderBy("path", "start_frame")
                .collectAsList()
                .stream()
                .map(row -> row.getAs("path") + " " + row.getAs("start_frame") + "-" + row.getAs("end_frame"))
                .toList();
    }

    @Test
    void shotsBeginWhereTheFilmsWereCut() {
        List<String> cuts = table(output, manifest, CurateManifest.SHOTS)
                .where("begins_by = 'cut'")
                .orderBy("uri", "start_frame")
                .collectAsList()
                .stream()
                .filter(row -> row.<String>getAs("uri").endsWith("hard-cuts.mp4"))
                .map(row -> Integer.toString(row.getAs("start_frame")))
                .toList();
        assertEquals(List.of("38", "88", "128", "188", "218"), cuts);
    }

    @Test
    void everyFrameIsInOneShot() {
        Map<Long, Integer> frames = new TreeMap<>();
        table(output, manifest, CurateManifest.VIDEOS)
                .where("problem is null")
                .collectAsList()
                .forEach(row -> frames.put(row.getAs("video_id"), row.getAs("frames")));
        assertEquals(USED.size(), frames.size());
        Map<Long, Integer> ends = new TreeMap<>();
        for (Row shot : table(output, manifest, CurateManifest.SHOTS)
                .orderBy("video_id", "shot")
                .collectAsList()) {
            long video = shot.getAs("video_id");
            assertEquals(ends.getOrDefault(video, 0), shot.<Integer>getAs("start_frame"));
            ends.put(video, shot.getAs("end_frame"));
        }
        assertEquals(frames, ends);
    }

    @Test
    void blackAndFrozenStretchesGoAndBarsAreCropped() {
        List<String> black = clips(output, manifest, "array_contains(reasons, 'black')");
        assertTrue(black.contains("freeze-black.mp4 154-173"), black.toString());
        List<String> frozen = clips(output, manifest, "array_contains(reasons, 'frozen') and luma > 50");
        assertEquals(List.of("freeze-black.mp4 39-108"), frozen);
        List<Row> barred = table(output, manifest, CurateManifest.CLIPS)
                .where("path = 'letterbox-whole.mp4'")
                .collectAsList();
        assertEquals(2, barred.size());
        for (Row clip : barred) {
            assertEquals(320, clip.<Integer>getAs("crop_w"));
            int top = clip.getAs("crop_y");
            int bottom = top + clip.<Integer>getAs("crop_h");
            assertTrue(top >= 22 && top <= 24 && bottom >= 156 && bottom <= 158, clip.toString());
            assertEquals("A film with bars.", clip.getAs("caption"));
            assertEquals("file", clip.getAs("caption_source"));
        }
    }

    @Test
    void badVideosAreOneRowEachWithOneReason() {
        Map<String, String> reasons = table(output, manifest, CurateManifest.QUARANTINE).collectAsList().stream()
                .collect(Collectors.toMap(
                        row -> row.<String>getAs("uri").replaceFirst(".*/", ""), row -> row.getAs("reason")));
        assertEquals(Map.of("text.mp4", "not_media", "empty.mp4", "not_media"), reasons);
        assertEquals(USED.size() + 2, manifest.counts().videos());
        assertEquals(2, manifest.counts().quarantined());
    }

    @Test
    void countsAddUpAndEqualSql() {
        Dataset<Row> all = table(output, manifest, CurateManifest.CLIPS);
        Dataset<Row> clips = all.where("kind = 'video'");
        assertEquals(1, all.where("kind = 'image' and kept").count());
        assertEquals(clips.count(), manifest.counts().clips());
        assertEquals(clips.where("kept").count(), manifest.counts().kept());
        assertEquals(0, clips.where("kept <> (size(reasons) = 0)").count());
        manifest.counts()
                .reasons()
                .forEach((reason, times) -> assertEquals(
                        times,
                        clips.where("array_contains(reasons, '" + reason + "')").count(),
                        reason));
        assertTrue(manifest.counts().kept() > 0);
    }

    /** The numbers of the page are those of the tables. */
    @Test
    void theReportShowsWhatTheTablesHold() throws Exception {
        String html = Files.readString(output.resolve("report.html"));
        Dataset<Row> clips = table(output, manifest, CurateManifest.CLIPS).where("kind = 'video'");
        long all = clips.count();
        for (String rule : List.of("black", "frozen", "dark", "too_short")) {
            long keeps =
                    clips.where("not array_contains(reasons, '" + rule + "')").count();
            String heading = "<h2>" + rule.replace('_', ' ') + ": ";
            assertTrue(html.contains(heading), rule);
            String section = html.substring(html.indexOf(heading));
            assertTrue(section.contains("<p>Keeps " + keeps + " of " + all + " clips ("), rule + ": " + keeps);
            assertTrue(section.indexOf("data:image/jpeg") > 0, "no picture beside the threshold of " + rule);
        }
        assertTrue(html.contains("<b>" + clips.where("kept").count() + "</b>clips kept"));
        assertTrue(html.contains("<td>not_media</td><td>2</td>"));
        assertEquals(5, html.split("<div class=\"time\">", -1).length - 1);
    }

    @Test
    void theReportOpensInABrowser() throws Exception {
        for (List<String> options : List.of(
                List.of("--window-size=1100,800"),
                List.of("--window-size=390,800", "--force-dark-mode", "--blink-settings=preferredColorScheme=0"))) {
            Chromium.Page page = Chromium.open(output.resolve("report.html"), folder, options.toArray(String[]::new));
            assertEquals(List.of(), page.console());
            assertTrue(page.dom().contains("What is left after each stage"));
        }
    }

    @Test
    void otherThresholdsOpenNothing() throws IOException {
        Path copy = folder.resolve("judged again");
        copy(output, copy);
        Files.move(input, folder.resolve("moved"));
        try {
            CurateManifest all = run(copy, "detect-only", "from_signals: true");
            assertEquals(all.counts().clips(), all.counts().kept());
            assertEquals(Map.of(), all.counts().reasons());
            assertEquals(2, all.counts().quarantined());
        } finally {
            Files.move(folder.resolve("moved"), input);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    @Test
    void aSecondRunIsRefusedOrOpensOnlyWhatIsNew() throws IOException {
        UserError refused = assertThrows(
                UserError.class,
                () -> CurateRun.prepare(config(output, "balanced", "input: '" + input + "'"), new Configuration()));
        assertTrue(refused.getMessage().contains("--overwrite"), refused.getMessage());
        Path copy = folder.resolve("grown");
        copy(output, copy);
        Path more = Files.copy(FILMS.resolve("rotated.mp4"), input.resolve("rotated.mp4"));
        try {
            CurateManifest grown =
                    run(copy, "balanced", "input: '" + input + "'", "overwrite: true", "reject: {too_short: 1.0}");
            assertEquals(USED.size() + 3, grown.counts().videos());
            Set<Long> opened = LocalSpark.session()
                    .read()
                    .parquet(copy.resolve("signals/" + grown.signals() + "/run=" + grown.run())
                            .toString()
                            .replace("[", "\\["))
                    .collectAsList()
                    .stream()
                    .map(row -> row.<Long>getAs("bytes"))
                    .collect(Collectors.toSet());
            assertEquals(Set.of(Files.size(more)), opened);
            assertEquals(clips(output, manifest, "true"), clips(copy, grown, "path <> 'rotated.mp4'"));
        } finally {
            Files.delete(more);
        }
    }

    @Test
    void captionsOfATableGoToTheClipsTheyCover() throws IOException {
        Path captions = folder.resolve("captions.csv");
        Files.write(
                captions,
                List.of(
                        "path,start_s,end_s,text",
                        "\"" + input.resolve("hard-cuts.mp4") + "\",0,1.5,first",
                        "\"" + input.resolve("hard-cuts.mp4") + "\",5.1,7.6,fourth",
                        "\"" + input.resolve("hard-cuts.mp4") + "\",1.5,2.0,too little of the second"));
        Path copy = folder.resolve("captioned");
        copy(output, copy);
        CurateManifest captioned =
                run(copy, "balanced", "captions: '" + captions + "'", "from_signals: true", "reject: {too_short: 1.0}");
        List<String> texts = table(copy, captioned, CurateManifest.CLIPS)
                .where("path = 'hard-cuts.mp4'")
                .orderBy("start_frame")
                .collectAsList()
                .stream()
                .map(row -> row.<String>getAs("caption"))
                .toList();
        assertEquals(List.of("first", "", "", "fourth", "", ""), texts);
    }

    @Test
    void bucketingReadsTheKeptClipsUnderTheirNames() throws Exception {
        Path buckets = folder.resolve("buckets");
        BucketedMedia.run(BucketedMedia.config(
                output,
                buckets,
                "bucket_config: {tiny: {1: [1.0, 4], 8: [1.0, 4]}}",
                "resolutions: {tiny: {pixels: 4096, ratios: {'0.56': [48, 86], '1.00': [64, 64]}}}",
                "resolution_slack: 0.05"));
        List<String> wanted = table(output, manifest, CurateManifest.CLIPS)
                .where("kept")
                .selectExpr("concat_ws(' ', kind, clip_id, start_frame, end_frame, crop_y, caption) t")
                .as(Encoders.STRING())
                .collectAsList();
        List<String> found = BucketedMedia.table(buckets, "clips")
                .selectExpr("concat_ws(' ', kind, clip_id, start_frame, end_frame, crop_y, caption) t")
                .as(Encoders.STRING())
                .collectAsList();
        assertEquals(wanted.stream().sorted().toList(), found.stream().sorted().toList());
    }
}
