// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static io.sparkreel.jobs.BucketedMedia.config;
import static io.sparkreel.jobs.BucketedMedia.copy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.inventory.Probing.Probed;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is opened, what is believed, and what is put aside for which reason. */
class ProbingTest {
    private static final String RULE =
            "bucket_config: {144p: {1: [1.0, 4], 8: [1.0, 4]}}\nresolution_slack: 0.01\nmax_bad_clips: 1.0";

    @TempDir
    Path folder;

    private Probed probe(Object input, String run, String... lines) throws IOException {
        List<String> all = new ArrayList<>(List.of(lines));
        all.add(RULE);
        BucketingConfig config = config(input, folder.resolve("out"), all.toArray(String[]::new));
        Configuration hadoop = new Configuration();
        HadoopStorage output = new HadoopStorage(hadoop, config.output());
        return new Probing(LocalSpark.session(), config, output, run)
                .probe(MediaInput.resolve(hadoop, config.input()), BucketingManifest.find(output));
    }

    /** What became of each file: its size and frames, or the reason why it was put aside. */
    private static Map<String, String> outcomes(Probed probed) {
        Map<String, String> outcomes = new TreeMap<>();
        for (Row row : probed.clips().collectAsList()) {
            outcomes.put(
                    Path.of(row.<String>getAs("uri")).getFileName().toString(),
                    row.getAs("width") + "x" + row.getAs("height") + " " + row.getAs("num_frames") + " '"
                            + row.getAs("caption") + "'");
        }
        for (Row row : probed.quarantine().collectAsList()) {
            outcomes.put(Path.of(row.<String>getAs("uri")).getFileName().toString(), row.getAs("reason"));
        }
        return outcomes;
    }

    private static void touch(Path file) throws IOException {
        Files.setLastModifiedTime(
                file, FileTime.fromMillis(Files.getLastModifiedTime(file).toMillis() + 2000));
    }

    @Test
    void onlyNewAndChangedFilesAreOpened() throws Exception {
        Path media = folder.resolve("media");
        copy(media, "plain.mp4", "still.png", "hevc.mp4", "cut-before-moov.mov", "sound.m4a", "av1.mp4");
        Files.writeString(media.resolve("plain.txt"), "first");
        Probed first = probe(media, "a");
        assertEquals(5, first.opened());
        Map<String, String> before = outcomes(first);

        // Nothing was published, but what the first run finished is there.
        Probed again = probe(media, "b");
        assertEquals(0, again.opened());
        assertEquals(before, outcomes(again));

        touch(media.resolve("hevc.mp4"));
        Files.delete(media.resolve("av1.mp4"));
        copy(media, "matroska.mkv");
        Files.writeString(media.resolve("plain.txt"), "second");
        touch(media.resolve("plain.txt"));
        Probed third = probe(media, "c");
        assertEquals(3, third.opened());
        assertEquals(5, third.found());
        assertEquals(
                before.get("plain.mp4").replace("first", "second"),
                outcomes(third).get("plain.mp4"));

        // Another way of probing believes nothing of the first.
        assertEquals(5, probe(media, "d", "verify: full").opened());
    }

    @Test
    void aPublishedRunIsBuiltOn() throws Exception {
        Path media = folder.resolve("media");
        copy(media, "plain.mp4", "still.png", "cut-before-moov.mov");
        BucketedMedia.run(config(media, folder.resolve("out"), RULE));
        copy(media, "hevc.mp4");
        Probed probed = probe(media, "next");
        assertEquals(1, probed.opened());
        assertEquals(4, probed.found());
        assertEquals("truncated", outcomes(probed).get("cut-before-moov.mov"));
    }

    private String size(String name) throws IOException {
        Path media = folder.resolve("sizes-" + name);
        copy(media, name);
        return outcomes(probe(media, "size-" + name)).get(name).replaceAll(" '.*", "");
    }

    @Test
    void tablesAreTrustedOrChecked() throws Exception {
        Path media = folder.resolve("media");
        copy(media, "plain.mp4", "hevc.mp4", "av1.mp4", "still.png", "mpeg4.avi");
        String[] plain = size("plain.mp4").split("[x ]");
        Path table = Files.writeString(folder.resolve("table.csv"), """
                path,text,num_frames,height,width,fps,aes
                media/plain.mp4,"a ""plain"" clip,
                of two lines",1000,20,30.0,25,5.1
                media/hevc.mp4,,,,,,
                media/av1.mp4,x,12.5,20,30,25,
                ,lost,1,1,1,1,
                media/none.mp4,gone,10,20,30,25,
                media/still.png,image,1,200,300,120,
                media/mpeg4.avi,z,abc,20,30,25,
                """);
        Probed trusted = probe(table, "trusted");
        assertEquals(
                new TreeMap<>(Map.of(
                        "plain.mp4",
                        "30x20 1000 'a \"plain\" clip,\nof two lines'",
                        "hevc.mp4",
                        size("hevc.mp4") + " ''",
                        "av1.mp4",
                        "bad_row",
                        "out#row=4".replace("out", folder.getFileName().toString()),
                        "bad_row",
                        "none.mp4",
                        "missing_file",
                        "still.png",
                        "300x200 1 'image'",
                        "mpeg4.avi",
                        "bad_row")),
                outcomes(trusted));
        List<String> details = trusted.quarantine().select("detail").sort("detail").collectAsList().stream()
                .map(row -> row.getString(0))
                .toList();
        assertEquals(
                List.of(
                        "row 3, column num_frames: '12.5' is no whole number",
                        "row 4, column path: it is empty",
                        "row 5, column path: there is no such file",
                        "row 7, column num_frames: 'abc' is no number"),
                details);
        assertEquals(
                List.of(40.0),
                trusted.clips().where("num_frames = 1000").select("duration_s").collectAsList().stream()
                        .map(row -> row.getDouble(0))
                        .toList());

        Files.writeString(folder.resolve("checked.jsonl"), """
                {"path": "media/plain.mp4", "text": "ok", "num_frames": %s, "height": %s, "width": %s}
                {"path": "media/hevc.mp4", "num_frames": 9999}
                {"path": "media/av1.mp4"
                {"path": "media/mpeg4.avi", "fps": 1000}
                """.formatted(plain[2], plain[1], plain[0]));
        Probed checked = probe(folder.resolve("checked.jsonl"), "checked", "probe: all");
        Map<String, String> outcomes = outcomes(checked);
        assertEquals(String.join(" ", plain[0] + "x" + plain[1], plain[2], "'ok'"), outcomes.get("plain.mp4"));
        assertEquals("metadata_mismatch", outcomes.get("hevc.mp4"));
        assertEquals("metadata_mismatch", outcomes.get("mpeg4.avi"));
        String mismatch = checked.quarantine().where("uri like '%hevc%'").head().getAs("detail");
        assertTrue(mismatch.startsWith("row 2, column num_frames: the table says 9999, the file has "), mismatch);
        assertEquals(
                1,
                checked.quarantine()
                        .where("reason = 'bad_row' and detail like 'row 3: it is no JSON%'")
                        .count());
    }

    /** Other programs name sizes as they are coded and packets that are not shown. What is shown goes on. */
    @Test
    void aTableMayNameWhatIsStoredOrWhatIsShown() throws Exception {
        Path media = folder.resolve("media");
        copy(media, "rotated-90.mp4", "anamorphic.mp4", "edit-list.mp4");
        for (String other : List.of("rotated-90", "anamorphic", "edit-list")) {
            Files.copy(media.resolve(other + ".mp4"), media.resolve(other + "-stored.mp4"));
            Files.copy(media.resolve(other + ".mp4"), media.resolve(other + "-wrong.mp4"));
        }
        Files.writeString(folder.resolve("table.csv"), """
                path,width,height,num_frames
                media/rotated-90.mp4,64,96,30
                media/rotated-90-stored.mp4,96,64,30
                media/rotated-90-wrong.mp4,96,96,30
                media/anamorphic.mp4,137,64,10
                media/anamorphic-stored.mp4,96,64,10
                media/anamorphic-wrong.mp4,137,45,10
                media/edit-list.mp4,96,64,12
                media/edit-list-stored.mp4,96,64,18
                media/edit-list-wrong.mp4,96,64,13
                """);
        Map<String, String> expected = new TreeMap<>();
        Map.of("rotated-90", "64x96 30 ''", "anamorphic", "137x64 10 ''", "edit-list", "96x64 12 ''")
                .forEach((name, shown) -> {
                    expected.put(name + ".mp4", shown);
                    expected.put(name + "-stored.mp4", shown);
                    expected.put(name + "-wrong.mp4", "metadata_mismatch");
                });
        assertEquals(expected, outcomes(probe(folder.resolve("table.csv"), "first", "probe: all")));
        // An earlier run kept what is shown alone: a number that is not it sends the job to the file again.
        assertEquals(expected, outcomes(probe(folder.resolve("table.csv"), "again", "probe: all")));
    }

    @Test
    void parquetTablesKeepTheirOrderAndCaptionsMayLieBeside() throws Exception {
        Path media = folder.resolve("media");
        copy(media, "plain.mp4", "still.png", "hevc.mp4");
        Files.writeString(media.resolve("still.json"), "{\"text\": \"a still\"}");
        Files.writeString(media.resolve("hevc.json"), "[]");
        var spark = LocalSpark.session();
        spark.sql("select 'still.png' path, cast(null as long) num_frames union all select 'plain.mp4', 7 "
                        + "union all select 'hevc.mp4', 9 union all select 'still.png', null")
                .coalesce(1)
                .write()
                .parquet(media.resolve("table.parquet").toString());
        Probed probed = probe(media.resolve("table.parquet"), "parquet");
        assertEquals(4, probed.found());
        List<String> rows = probed.rows().sort("table_row").collectAsList().stream()
                .map(row -> row.getAs("table_row")
                        + " " + Path.of(row.<String>getAs("uri")).getFileName() + " " + row.getAs("caption") + " "
                        + row.getAs("reason"))
                .toList();
        assertEquals(
                List.of(
                        "0 still.png a still null",
                        "1 plain.mp4  null",
                        "2 hevc.mp4 null bad_caption",
                        "3 still.png a still duplicate_clip"),
                rows);
        assertEquals(
                Optional.of(7),
                probed.clips().where("table_row = 1").collectAsList().stream()
                        .map(row -> row.<Integer>getAs("num_frames"))
                        .findFirst());
    }
}
