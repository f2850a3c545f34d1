// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static io.sparkreel.jobs.BucketedMedia.config;
import static io.sparkreel.jobs.BucketedMedia.copy;
import static io.sparkreel.jobs.BucketedMedia.manifest;
import static io.sparkreel.jobs.BucketedMedia.run;
import static io.sparkreel.jobs.BucketedMedia.table;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.bucket.KeyedOrder;
import io.sparkreel.jobs.bucketing.BucketingRun;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.BucketingManifest.ShardFile;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.FolderLease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job, on real media and on a table that stands for many clips. */
class BucketingJobTest {
    private static final String[] RULE = {
        "bucket_config: {144p: {1: [1.0, 4], 16: [0.5, 2]}, tiny: {1: [1.0, 4], 8: [1.0, 4]}}",
        "resolutions: {tiny: {pixels: 4096, ratios: {'0.56': [48, 86], '1.00': [64, 64]}}}",
        "resolution_slack: 0.05"
    };

    @TempDir
    Path folder;

    private static String[] with(String... lines) {
        return Stream.concat(Stream.of(RULE), Stream.of(lines)).toArray(String[]::new);
    }

    /** A table whose numbers are trusted, of files that are there and are not media. */
    private Path syntheticTable(int rows, boolean backwards) throws Exception {
        Path data = Files.createDirectories(folder.resolve("data"));
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            Path clip = data.resolve("clip-" + i % 40 + ".mp4");
            if (!Files.exists(clip)) {
                Files.write(clip, new byte[1 + i]);
            }
            lines.add("clip-" + i % 40 + ".mp4,id" + i + ",text " + i + "," + (1 + i * 7 % 60) + ","
                    + (64 + i * 13 % 500) + "," + (64 + i * 29 % 700) + ",24");
        }
        if (backwards) {
            java.util.Collections.reverse(lines);
        }
        lines.add(0, "path,id,text,num_frames,height,width,fps");
        return Files.write(data.resolve(backwards ? "backwards.csv" : "table.csv"), lines);
    }

    @Test
    void shardsAreOneOrderWhateverTheOrderAndPartitionsOfTheInput() throws Exception {
        SparkSession spark = LocalSpark.session();
        Path first = folder.resolve("first");
        Path second = folder.resolve("second");
        BucketingManifest one = run(config(syntheticTable(1500, false), first, with("epochs: 2")));
        String partitions = spark.conf().get("spark.sql.shuffle.partitions");
        spark.conf().set("spark.sql.shuffle.partitions", "7");
        try {
            run(config(syntheticTable(1500, true), second, with("epochs: 2")));
        } finally {
            spark.conf().set("spark.sql.shuffle.partitions", partitions);
        }
        assertEquals(one.contents().fingerprint(), manifest(second).contents().fingerprint());
        assertEquals(one.contents().buckets(), manifest(second).contents().buckets());
        List<String> rows = shardRows(first);
        assertEquals(rows, shardRows(second));
        assertEquals(
                one.contents().buckets().stream()
                        .mapToLong(BucketingManifest.BucketRows::rows)
                        .sum(),
                rows.size());
        assertTrue(rows.size() > 1500, "only " + rows.size());

        Path third = folder.resolve("third");
        BucketingManifest other = run(config(folder.resolve("data/table.csv"), third, with("epochs: 1", "seed: 43")));
        assertNotEquals(one.contents().fingerprint(), other.contents().fingerprint());
        assertTrue(shardRows(third).size() > 750);
    }

    /** File by file as the manifest lists them, each checked to be in order, with all columns. */
    private static List<String> shardRows(Path output) throws Exception {
        BucketingManifest manifest = manifest(output);
        List<String> rows = new ArrayList<>();
        String place = "";
        String last = "";
        for (ShardFile file : manifest.contents().files()) {
            String here = file.epoch() + "/" + file.resolution() + "/" + file.frames();
            last = here.equals(place) ? last : "";
            place = here;
            List<Row> read = LocalSpark.session()
                    .read()
                    .parquet(output.resolve(manifest.folder("shards"))
                            .resolve(file.path())
                            .toString())
                    .collectAsList();
            assertEquals(file.rows(), read.size());
            assertEquals(
                    file.rows(),
                    file.rowGroups().stream().mapToLong(Long::longValue).sum());
            for (Row row : read) {
                long key = KeyedOrder.key(manifest.rule().seed(), file.epoch(), row.<Long>getAs("clip_id"));
                String order = row.getAs("aspect") + " " + String.format("%016x", key ^ Long.MIN_VALUE);
                assertTrue(last.compareTo(order) <= 0, last + " before " + order);
                last = order;
                rows.add(here + " " + row.json());
            }
        }
        return rows;
    }

    @Test
    void aRunIsReplacedWholeAndOnlyWhenAsked() throws Exception {
        Path media = folder.resolve("media");
        Path output = folder.resolve("out");
        copy(media, "plain.mp4", "still.png", "rotated-90.mp4");
        BucketingManifest first = run(config(media, output, RULE));
        assertEquals(3, first.contents().clips());
        String report = Files.readString(output.resolve("report.html"));
        assertTrue(report.contains("clips without a caption</dt><dd>3 of 3</dd>"), report);
        UserError refused = assertThrows(UserError.class, () -> run(config(media, output, RULE)));
        assertEquals(
                "Cannot write to " + output + ": it holds an earlier run. Give --overwrite to replace it, or"
                        + " another --output.",
                refused.getMessage());

        // A run that comes to nothing leaves the earlier one as it was, and tells what it could not use.
        Files.writeString(media.resolve("text.mp4"), "no film");
        BucketingConfig nothing =
                config(media, output, "bucket_config: {4K: {1: [1.0, 1], 16: [1.0, 1]}}", "overwrite: true");
        UserError error = assertThrows(UserError.class, () -> run(nothing));
        assertEquals(
                "Cannot bucket " + media + ": none of 3 clips is in a bucket: 3 too small. Add smaller resolutions or"
                        + " frame counts to bucket_config.",
                error.getMessage());
        assertEquals(first, manifest(output));
        assertEquals(3, table(output, "clips").count());
        Path failed;
        try (Stream<Path> runs = Files.list(output.resolve("quarantine"))) {
            failed = runs.filter(run -> !run.endsWith("run=" + first.origin().run()))
                    .findAny()
                    .orElseThrow();
        }
        assertEquals(
                "not_media",
                LocalSpark.session().read().parquet(failed.toString()).first().getAs("reason"));
        Path alone = Files.createDirectories(folder.resolve("alone"));
        Files.copy(media.resolve("text.mp4"), alone.resolve("text.mp4"));
        UserError unusable = assertThrows(
                UserError.class, () -> run(config(alone, output, with("max_bad_clips: 1.0", "overwrite: true"))));
        assertTrue(
                unusable.getMessage()
                        .startsWith("Cannot bucket " + alone + ": 1 of 1 files cannot be used: 1 not_media"),
                unusable.getMessage());
        assertTrue(unusable.getMessage().endsWith(" has all of them. Check the files."), unusable.getMessage());
        assertEquals(first, manifest(output));

        // So does one that has lost the folder to another driver.
        BucketingConfig again = config(media, output, with("overwrite: true"));
        Configuration hadoop = new Configuration();
        try (FolderLease lease = FolderLease.take(hadoop, output.toString(), "--output", "bucketing")) {
            Files.writeString(output.resolve(".sparkreel-lease/00000002.json"), "another's");
            UserError lost = assertThrows(
                    UserError.class,
                    () -> BucketingRun.execute(
                            again, BucketingRun.prepare(again, hadoop), LocalSpark.session(), lease));
            assertTrue(lost.getMessage().startsWith("Cannot write to " + output + " any longer: "), lost.getMessage());
        }
        assertEquals(first, manifest(output));
        assertEquals(3, table(output, "clips").count());
        assertEquals(3, table(output, "shards").count());
        Files.delete(output.resolve(".sparkreel-lease/00000002.json"));

        // One that comes to its end keeps the tables that it replaces, and removes what came to nothing.
        Path foreign = Files.createDirectories(output.resolve("shards/run=another-program"));
        BucketingManifest second = run(config(media, output, with("overwrite: true")));
        assertNotEquals(first.origin().run(), second.origin().run());
        assertEquals(first.contents().fingerprint(), second.contents().fingerprint());
        for (String name : List.of("clips", "quarantine", "shards")) {
            assertEquals(
                    Set.of(
                            "run=" + first.origin().run(),
                            "run=" + second.origin().run()),
                    without(foreign, output.resolve(name)));
        }
        Path old = output.resolve(first.folder("shards"));
        assertEquals(3, LocalSpark.session().read().parquet(old.toString()).count());

        BucketingManifest third = run(config(media, output, with("overwrite: true", "keep_replaced: 0s")));
        for (String name : List.of("clips", "quarantine", "shards")) {
            assertEquals(Set.of("run=" + third.origin().run()), without(foreign, output.resolve(name)));
        }
        assertTrue(Files.exists(foreign), "it is another's");
        assertFalse(Files.exists(output.resolve("probing")));
    }

    private static Set<String> without(Path foreign, Path table) throws IOException {
        try (Stream<Path> runs = Files.list(table)) {
            return runs.filter(run -> !run.equals(foreign))
                    .map(run -> run.getFileName().toString())
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void patternsNameFoldersAndFiles() throws Exception {
        copy(folder.resolve("data/a/clips"), "plain.mp4", "still.png");
        copy(folder.resolve("data/b/clips"), "hevc.mp4");
        copy(folder.resolve("data/b/other"), "av1.mp4");
        Files.writeString(folder.resolve("data/a/clips/plain.txt"), " a plain clip \n");
        Files.writeString(folder.resolve("data/b/clips/hevc.json"), "{\"caption\": \"newer\"}");
        Path output = folder.resolve("out");
        run(config(folder.resolve("data/*/clips/*.mp4"), output, RULE));
        Set<String> clips = table(output, "clips").collectAsList().stream()
                .map(row -> Path.of(row.<String>getAs("uri")).getFileName() + " " + row.getAs("caption"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(Set.of("plain.mp4 a plain clip", "hevc.mp4 newer"), clips);
        // The names of clips begin where they would without the pattern.
        Path whole = folder.resolve("whole");
        run(config(folder.resolve("data"), whole, RULE));
        assertTrue(ids(whole).containsAll(ids(output)));
        assertEquals(4, ids(whole).size());
    }

    private static Set<Long> ids(Path output) throws Exception {
        return table(output, "clips").collectAsList().stream()
                .map(row -> row.<Long>getAs("clip_id"))
                .collect(Collectors.toSet());
    }

    @Test
    void mistakesAreFoundBeforeAnyWork() throws Exception {
        Path output = folder.resolve("out");
        Path media = Files.createDirectories(folder.resolve("media"));
        Files.writeString(media.resolve("notes.md"), "no media");
        assertMistake("there is no such folder or table", media.resolve("missing"), output, RULE);
        assertMistake("nothing matches this pattern", media + "/x/*.mp4", output, RULE);
        assertMistake("it is neither a folder nor a metadata table", media.resolve("notes.md"), output, RULE);
        assertMistake("a folder has none. Give a metadata table", media, output, with("draw: numpy"));
        assertMistake("it holds no media files", media, output, RULE);
        Path table = Files.writeString(folder.resolve("table.csv"), "file,text\na.mp4,b\n");
        assertMistake("it has no column 'path', only file, text", table, output, RULE);
        assertFalse(Files.exists(output.resolve("manifest.json")));
    }

    private static void assertMistake(String part, Object input, Path output, String... lines) {
        String message = assertThrows(UserError.class, () -> run(config(input, output, lines)))
                .getMessage();
        assertTrue(message.startsWith("Cannot ") && message.contains(part), message);
    }
}
