// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.BucketingManifest.ShardFile;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.checkpoint.LocalStorage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Asserts that all is there that folders of this machine say they hold. */
final class WholeFolders {
    private WholeFolders() {}

    private static Dataset<Row> table(Path folder) {
        return LocalSpark.session().read().parquet(folder.toString());
    }

    /** Returns the fingerprint of the buckets. */
    static String assertBucketed(Path output, int clips, int quarantined) throws Exception {
        BucketingManifest manifest = BucketingManifest.read(new HadoopStorage(new Configuration(), output.toString()));
        assertEquals(clips, manifest.contents().clips());
        assertEquals(quarantined, manifest.contents().quarantined());
        Path shards = output.resolve(manifest.folder(BucketingManifest.SHARDS));
        for (ShardFile file : manifest.contents().files()) {
            assertEquals(file.bytes(), Files.size(shards.resolve(file.path())), file.path());
        }
        assertEquals(
                manifest.contents().files().stream().mapToLong(ShardFile::rows).sum(),
                table(shards).count());
        assertEquals(
                clips,
                table(output.resolve(manifest.folder(BucketingManifest.CLIPS))).count());
        assertEquals(
                quarantined,
                table(output.resolve(manifest.folder(BucketingManifest.QUARANTINE)))
                        .count());
        assertTrue(Files.size(output.resolve("report.html")) > 1000);
        return manifest.contents().fingerprint();
    }

    /** All of the newest checkpoint's files are as its manifest says, and no checkpoint is broken. */
    static void assertTrained(Path run, int steps) throws Exception {
        CheckpointReader.Found newest = CheckpointReader.newest(new LocalStorage(run), path -> true)
                .orElseThrow(() -> new AssertionError("no checkpoint in " + run));
        assertEquals(List.of(), newest.warnings());
        assertEquals(
                steps,
                new ObjectMapper()
                        .readTree(newest.checkpoint().read("state.json"))
                        .get("global_step")
                        .asInt());
    }

    /** Every prompt has a row, and every row a clip. */
    static void assertGenerated(Path clips, Set<String> names) throws Exception {
        List<Row> rows = table(clips.resolve("results")).collectAsList();
        Set<String> found = rows.stream()
                .map(row -> row.<String>getAs("uri"))
                .map(uri -> uri.substring(uri.lastIndexOf('/') + 1))
                .collect(Collectors.toSet());
        assertEquals(names, found);
        assertEquals(names.size(), rows.size());
        for (Row row : rows) {
            assertEquals("ok", row.getAs("status"), row.toString());
        }
        for (String name : names) {
            assertTrue(Files.size(clips.resolve(name)) > 100, name);
        }
        assertTrue(Files.exists(clips.resolve("contact-sheet.html")));
    }

    /** Every clip is in the index once, and every file of the index is there. */
    static void assertEncoded(Path features, int entries) throws Exception {
        List<Row> rows = table(features.resolve("index")).collectAsList();
        assertEquals(entries, rows.size());
        assertEquals(
                entries,
                rows.stream().map(row -> row.<Long>getAs("clip_id")).distinct().count());
        for (Row row : rows) {
            long end = row.<Long>getAs("feature_offset") + 2L * row.<Integer>getAs("feature_values");
            Path file = features.resolve(row.<String>getAs("feature_file"));
            assertTrue(Files.size(file) >= end, row.toString());
        }
    }

    /** Nothing is left of attempts and of files that were being written. */
    static void assertNothingUnfinished(Path folder) throws Exception {
        try (Stream<Path> files = Files.walk(folder)) {
            assertEquals(
                    List.of(),
                    files.filter(Files::isRegularFile)
                            .map(Path::toString)
                            .filter(file -> file.matches(".*(_temporary|__magic|sparkreel-probe|\\.tmp$).*"))
                            .toList());
        }
        assertEquals(List.of(), JobPair.claimsIn(folder));
    }
}
