// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static io.sparkreel.jobs.BucketedMedia.config;
import static io.sparkreel.jobs.BucketedMedia.copy;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.bucket.ClipId;
import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.inventory.Probing.Probed;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metadata tables whose rows are parts of files. */
class RangeTablesTest {
    private static final String RULE =
            "bucket_config: {144p: {1: [1.0, 4], 8: [1.0, 4]}}\nresolution_slack: 0.01\nmax_bad_clips: 1.0";

    @TempDir
    Path folder;

    private Probed probe(Path table, String run, String... lines) throws IOException {
        List<String> all = new ArrayList<>(List.of(lines));
        all.add(RULE);
        BucketingConfig config = config(table, folder.resolve("out"), all.toArray(String[]::new));
        Configuration hadoop = LocalSpark.session().sparkContext().hadoopConfiguration();
        return new Probing(LocalSpark.session(), config, new HadoopStorage(hadoop, config.output()), run)
                .probe(
                        MediaInput.resolve(hadoop, config.input()),
                        BucketingManifest.find(new HadoopStorage(hadoop, config.output())));
    }

    /** What became of each row, in order: its part and size, or why it was put aside. */
    private static List<String> outcomes(Probed probed) {
        return probed.rows().sort("table_row").collectAsList().stream()
                .map(RangeTablesTest::outcome)
                .toList();
    }

    private static String outcome(Row row) {
        return row.getAs("reason") != null ? row.getAs("reason") + ": " + row.getAs("detail") : part(row);
    }

    private static String part(Row clip) {
        String crop = clip.getAs("crop_x") == null
                ? ""
                : "crop " + clip.getAs("crop_x") + " " + clip.getAs("crop_y") + " " + clip.getAs("crop_w") + " "
                        + clip.getAs("crop_h") + " ";
        return clip.getAs("start_frame") + "-" + clip.getAs("end_frame") + " " + crop + clip.getAs("width") + "x"
                + clip.getAs("height") + " " + clip.getAs("num_frames");
    }

    @Test
    void partsAreTakenOrPutAsideWithTheReason() throws Exception {
        copy(folder, "plain.mp4", "rotated-90.mp4", "anamorphic.mp4", "variable-rate.mp4", "still.png");
        Path table = Files.writeString(folder.resolve("table.csv"), """
                path,start_frame,end_frame,start_s,end_s,crop_x,crop_y,crop_w,crop_h
                plain.mp4,,,,,,,,
                plain.mp4,10,20,,,,,,
                plain.mp4,10.0,30,,,8,4,40,32
                plain.mp4,,,0.4,1.2,,,,
                variable-rate.mp4,,,0.2,0.68,,,,
                rotated-90.mp4,0,9,,,4,8,32,40
                anamorphic.mp4,,,,,0,0,48,32
                still.png,,,,,0,0,20,10
                plain.mp4,20,10,,,,,,
                plain.mp4,10,,,,,,,
                plain.mp4,-1,10,,,,,,
                plain.mp4,1.5,10,,,,,,
                plain.mp4,1,10,0,1,,,,
                plain.mp4,20,31,,,,,,
                plain.mp4,,,1,0.5,,,,
                plain.mp4,,,1,1.5,,,,
                plain.mp4,,,0.41,0.43,,,,
                plain.mp4,,,,,1,1,20,
                plain.mp4,,,,,60,0,40,32
                plain.mp4,,,,,0,0,0,32
                plain.mp4,10,20,,,,,,
                sound.m4a,10,20,,,,,,
                """);
        List<String> expected = List.of(
                "null-null 96x64 30",
                "10-20 96x64 10",
                "10-30 crop 8 4 40 32 40x32 20",
                "10-30 96x64 20",
                "5-7 96x64 2",
                "0-9 crop 4 8 32 40 32x40 9",
                "null-null crop 0 0 48 32 68x32 10",
                "null-null crop 0 0 20 10 20x10 1",
                "bad_row: row 9: frames 20 to 10 are no range: 0 <= start < end",
                "bad_row: row 10: there is start_frame and no end_frame; give both or none",
                "bad_row: row 11: frames -1 to 10 are no range: 0 <= start < end",
                "bad_row: row 12, column start_frame: '1.5' is no whole number",
                "bad_row: row 13: there are both frames and seconds; give one range",
                "bad_range: frames 20 to 31: the file has 30 frames",
                "bad_row: row 15: 1.0 s to 0.5 s is no range: 0 <= start < end",
                "bad_range: 1.0 s to 1.5 s: the film ends at 1.200 s",
                "bad_range: no frame is shown from 0.41 s to 0.43 s",
                "bad_row: row 18: a crop box has crop_x, crop_y, crop_w and crop_h; give all or none",
                "bad_range: the crop box 40x32 at (60, 0) is not within pictures of 96x64",
                "bad_row: row 20: 0x32 pixels at (0, 0) are no crop box",
                "duplicate_clip: another clip has this name, length and range; give each row an id of its own",
                "missing_file: row 22, column path: there is no such file");
        Probed first = probe(table, "a");
        assertEquals(expected, outcomes(first));
        assertEquals(5, first.opened());
        // What was found is known again by its file and part, in frames or seconds.
        Probed again = probe(table, "b");
        assertEquals(expected, outcomes(again));
        // Only those that were refused for their numbers are looked at once more.
        assertEquals(1, again.opened());
        for (String verify : List.of("edges", "full")) {
            assertEquals(expected, outcomes(probe(table, "verify-" + verify, "verify: " + verify)));
        }
        assertEquals(expected, outcomes(probe(table, "header", "frame_count: header")));
    }

    @Test
    void wholeFilesKeepTheirIdsAndPartsHaveTheirOwn() throws Exception {
        copy(folder, "plain.mp4");
        Path table = Files.writeString(folder.resolve("table.csv"), """
                path,id,start_frame,end_frame,crop_x,crop_y,crop_w,crop_h
                plain.mp4,,,,,,,
                plain.mp4,,10,20,,,,
                plain.mp4,,10,20,0,0,40,32
                plain.mp4,,,,10,20,40,32
                plain.mp4,mine,10,20,,,,
                """);
        List<Long> ids = probe(table, "ids").clips().sort("table_row").collectAsList().stream()
                .map(row -> row.<Long>getAs("clip_id"))
                .toList();
        long bytes = Files.size(folder.resolve("plain.mp4"));
        assertEquals(
                List.of(
                        ClipId.of("plain.mp4", bytes),
                        ClipId.of("plain.mp4", bytes, new int[] {10, 20}),
                        ClipId.of("plain.mp4", bytes, new int[] {10, 20, 0, 0, 40, 32}),
                        ClipId.of("plain.mp4", bytes, new int[] {10, 20, 40, 32}),
                        ClipId.of("mine", bytes)),
                ids);
        assertEquals(5, ids.stream().distinct().count());
        long bySpark = LocalSpark.session()
                .sql("select xxhash64('plain.mp4', cast(" + bytes + " as bigint), 10L, 20L)")
                .head()
                .getLong(0);
        assertEquals(bySpark, ids.get(1));
        assertNotEquals(ids.get(0), ids.get(1));
    }

    /** Numbers of a table may be the file's or the part's; where all are there, no file is opened. */
    @Test
    void numbersOfATableAreTrustedOrChecked() throws Exception {
        copy(folder, "plain.mp4");
        Path table = Files.writeString(folder.resolve("table.jsonl"), """
                {"path": "plain.mp4", "start_frame": 0, "end_frame": 9, "width": 96, "height": 64, "fps": 25}
                {"path": "plain.mp4", "start_frame": 1, "end_frame": 9, "num_frames": 8}
                {"path": "plain.mp4", "start_frame": 2, "end_frame": 9, "num_frames": 30, "width": 96}
                {"path": "plain.mp4", "start_frame": 3, "end_frame": 9, "num_frames": 31}
                {"path": "plain.mp4", "crop_x": 0, "crop_y": 0, "crop_w": 40, "crop_h": 30, "width": 40, "height": 30}
                """);
        List<String> checked = outcomes(probe(table, "checked", "probe: all"));
        assertEquals("0-9 96x64 9", checked.get(0));
        assertEquals("1-9 96x64 8", checked.get(1));
        assertEquals("2-9 96x64 7", checked.get(2));
        assertTrue(checked.get(3).startsWith("metadata_mismatch: row 4, column num_frames"), checked.get(3));
        assertEquals("null-null crop 0 0 40 30 40x30 30", checked.get(4));
        List<Row> trusted = probe(table, "trusted").clips().sort("table_row").collectAsList();
        assertEquals("0-9 96x64 9", part(trusted.get(0)));
        assertEquals(Optional.empty(), Optional.ofNullable(trusted.get(0).getAs("codec")));
        assertEquals("h264", trusted.get(1).getAs("codec"));
    }

    /** Counts how often files are opened. */
    public static final class Openings extends RawLocalFileSystem {
        private static final AtomicInteger COUNT = new AtomicInteger();

        @Override
        public URI getUri() {
            return URI.create("openings:///");
        }

        @Override
        public String getScheme() {
            return "openings";
        }

        @Override
        public FSDataInputStream open(org.apache.hadoop.fs.Path file, int bufferSize) throws IOException {
            COUNT.incrementAndGet();
            return super.open(file, bufferSize);
        }
    }

    @Test
    void aFileIsOpenedOnceForAllOfItsRanges() throws Exception {
        copy(folder, "plain.mp4", "hevc.mp4");
        LocalSpark.session().sparkContext().hadoopConfiguration().set("fs.openings.impl", Openings.class.getName());
        StringBuilder rows = new StringBuilder("path,text,start_frame,end_frame\n");
        for (int i = 0; i < 20; i++) {
            String file = i % 2 == 0 ? "plain.mp4" : "hevc.mp4";
            rows.append("openings:%s,%d,%d,%d\n".formatted(folder.resolve(file), i, i, i + 10));
        }
        Openings.COUNT.set(0);
        Probed probed = probe(Files.writeString(folder.resolve("table.csv"), rows), "once");
        assertEquals(20, probed.clips().count());
        assertEquals(2, Openings.COUNT.get());
        assertEquals(2, probed.opened());
    }

    @Test
    void aRunOverRangesIsBuiltOn() throws Exception {
        copy(folder, "plain.mp4");
        String rows = "path,start_s,end_s\nplain.mp4,0,0.6\nplain.mp4,0.6,1.2\n";
        Path table = Files.writeString(folder.resolve("table.csv"), rows);
        BucketedMedia.run(config(table, folder.resolve("out"), RULE));
        List<Row> shards = BucketedMedia.table(folder.resolve("out"), "shards")
                .sort("start_frame")
                .collectAsList();
        assertEquals(
                List.of("0-15 96x64 15", "15-30 96x64 15"),
                shards.stream().map(RangeTablesTest::part).toList());
        Files.writeString(table, rows + "plain.mp4,0.2,0.8\n");
        Probed next = probe(table, "next");
        assertEquals(1, next.opened());
        assertEquals(List.of("0-15 96x64 15", "15-30 96x64 15", "5-20 96x64 15"), outcomes(next));
    }
}
