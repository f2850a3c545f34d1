// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.BucketingManifest.ShardFile;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A bucketing job that is killed leaves nothing, what was there before it, or all that it was to make. */
class BucketingKillIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/bucketing-kill-it");
    private static final Path RULE = WORK.resolve("rule.yaml");
    private static final String RULES = """
            bucket_config: {144p: {1: [0.5, 4], 8: [0.3, 2], 16: [0.5, 2]}}
            resolution_slack: 0.1
            max_bad_clips: 1.0
            """;
    private static final Path MEDIA = WORK.resolve("media");
    private static final Launcher LAUNCHER = new Launcher(ROOT, WORK);
    private static final int COPIES = 8;
    /** What a shell says of a process that SIGKILL ended. */
    private static final int KILLED = 128 + 9;

    private static final int RANDOM_KILLS = 24;
    private static final Pattern UNCHANGED = Pattern.compile("(\\d+) unchanged, (\\d+) new");

    @BeforeAll
    static void media() throws IOException {
        LAUNCHER.begin();
        Files.writeString(RULE, RULES);
        try (Stream<Path> files = Files.list(BucketedMedia.MEDIA)) {
            for (Path file : files.toList()) {
                for (int copy = 0; copy < COPIES; copy++) {
                    Path folder = Files.createDirectories(MEDIA.resolve("copy-" + copy));
                    Files.copy(file, folder.resolve(file.getFileName()));
                }
            }
        }
    }

    /** What a kill waits for. */
    private interface Moment {
        boolean isNow() throws IOException;
    }

    private static Launcher.Ended killed(Path output, int seed, Moment moment) throws Exception {
        Launcher.Ended ended = LAUNCHER.onCluster(
                "bucketing",
                "local[2]",
                (process, log) -> {
                    while (process.isAlive() && !moment.isNow()) {
                        Thread.sleep(5);
                    }
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly();
                },
                "--config",
                RULE.toString(),
                "--input",
                MEDIA.toString(),
                "--output",
                output.toString(),
                "--overwrite",
                "--seed",
                Integer.toString(seed));
        assertTrue(ended.code() == 0 || ended.code() == KILLED, ended.output());
        return ended;
    }

    /** The job in this process, undisturbed. */
    private static BucketingManifest whole(Path output, int seed) throws IOException {
        String flags = "input: '%s'\noutput: '%s'\noverwrite: true\nseed: %d\n".formatted(MEDIA, output, seed);
        BucketingConfig config = ConfigLoader.parse(BucketingConfig.class, "test", RULES + flags, List.of())
                .config();
        return BucketedMedia.run(config);
    }

    /** All that lies below a folder now, while another process adds and removes. */
    private static List<String> paths(Path folder) throws IOException {
        List<String> paths = new ArrayList<>();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                paths.add(file.toString());
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path vanished, IOException failure) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure) {
                return FileVisitResult.CONTINUE;
            }
        });
        return paths;
    }

    private static boolean has(Path folder, Pattern name) throws IOException {
        return paths(folder).stream().anyMatch(path -> name.matcher(path).find());
    }

    private static Optional<BucketingManifest> manifest(Path output) throws IOException {
        return BucketingManifest.find(new HadoopStorage(new Configuration(), output.toString()));
    }

    private static Dataset<Row> table(Path output, BucketingManifest manifest, String name) {
        return LocalSpark.session()
                .read()
                .parquet(output.resolve(manifest.folder(name)).toString());
    }

    /** All rows of the shards with all their columns; the manifest and the other tables must agree with them. */
    private static List<String> rows(Path output, BucketingManifest manifest) throws IOException {
        for (ShardFile file : manifest.contents().files()) {
            assertEquals(
                    file.bytes(),
                    Files.size(output.resolve(manifest.folder("shards")).resolve(file.path())));
        }
        assertEquals(
                manifest.contents().clips(), table(output, manifest, "clips").count());
        assertEquals(
                manifest.contents().quarantined(),
                table(output, manifest, "quarantine").count());
        assertTrue(Files.exists(output.resolve("report.html")));
        List<String> rows = table(output, manifest, "shards").toJSON().collectAsList().stream()
                .sorted()
                .toList();
        assertEquals(
                manifest.contents().files().stream().mapToLong(ShardFile::rows).sum(), rows.size());
        return rows;
    }

    @Test
    @Tag("slow")
    @Timeout(600)
    void aKilledJobLeavesNothingOrWhatWasThereAndIsResumed() throws Exception {
        Path output = WORK.resolve("killed");
        Launcher.Ended first =
                killed(output, 1, () -> has(output.resolve("probing"), Pattern.compile("run=[^/]+/part-")));
        assertNotEquals(0, first.code(), first.output());
        assertTrue(manifest(output).isEmpty());

        // What it had probed is not probed again.
        Launcher.Ended second = killed(output, 1, () -> has(output.resolve("shards"), Pattern.compile("_temporary")));
        Matcher found = UNCHANGED.matcher(second.output());
        assertTrue(found.find() && Integer.parseInt(found.group(1)) > 0, second.output());
        assertTrue(manifest(output).isEmpty());

        BucketingManifest made = whole(output, 1);
        Path undisturbed = WORK.resolve("undisturbed");
        List<String> rows = rows(output, made);
        assertFalse(rows.isEmpty());
        assertEquals(rows, rows(undisturbed, whole(undisturbed, 1)));
        assertFalse(Files.exists(output.resolve("probing")));

        killed(
                output,
                2,
                () -> has(
                        output.resolve("shards"),
                        Pattern.compile("run=(?!" + made.origin().run() + ").*/part-")));
        assertEquals(Optional.of(made), manifest(output));
        assertEquals(rows, rows(output, made));
    }

    @Test
    @Tag("slow")
    void atAnyMoment() throws Exception {
        Path output = WORK.resolve("any");
        Path undisturbed = WORK.resolve("any-undisturbed");
        List<List<String>> expected = new ArrayList<>();
        // How far a job is tells the number of files that it has ever had, whatever else the machine does.
        Set<String> everSeen = new HashSet<>();
        killed(WORK.resolve("counted"), 0, () -> {
            everSeen.addAll(paths(WORK.resolve("counted")));
            return false;
        });
        for (int seed = 0; seed < 2; seed++) {
            expected.add(rows(undisturbed, whole(undisturbed, seed)));
        }
        SplittableRandom random = new SplittableRandom(1);
        Optional<BucketingManifest> before = Optional.empty();
        int published = 0;
        for (int i = 0; i < RANDOM_KILLS; i++) {
            // The last kills come when the job is over.
            int files = random.nextInt(everSeen.size() * 5 / 4);
            Set<String> seen = new HashSet<>(paths(output));
            int atBeginning = seen.size();
            int seed = i % 2;
            killed(output, seed, () -> {
                seen.addAll(paths(output));
                return seen.size() - atBeginning > files;
            });
            Optional<BucketingManifest> after = manifest(output);
            if (!after.equals(before)) {
                published++;
                assertEquals(seed, after.orElseThrow().rule().seed());
                before = after;
            }
            if (after.isPresent()) {
                assertEquals(
                        expected.get((int) after.get().rule().seed()), rows(output, after.get()), "after kill " + i);
            }
        }
        assertTrue(published > 0 && published < RANDOM_KILLS, published + " of " + RANDOM_KILLS + " came to their end");
        BucketingManifest last = whole(output, 1);
        assertEquals(expected.get(1), rows(output, last));
    }
}
