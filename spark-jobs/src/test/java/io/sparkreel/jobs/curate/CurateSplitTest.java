// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import io.sparkreel.jobs.dataset.CurateManifest;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.SteppedStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tables are the same however the work is divided, in whatever order videos come, and after a kill. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class CurateSplitTest {
    private static final Path RESOURCES = BucketedMedia.ROOT.resolve("bucketing/src/test/resources");
    private static final List<String> FILMS = List.of("golden/curate/freeze-black.mp4", "media/open-gop.mp4");

    private Path folder;
    private Path input;
    private Map<String, List<String>> expected;

    @BeforeAll
    void curateInOnePiece(@TempDir Path given) throws IOException {
        folder = given;
        input = Files.createDirectories(folder.resolve("films"));
        for (String film : FILMS) {
            Path file = RESOURCES.resolve(film);
            Files.copy(file, input.resolve(file.getFileName()));
        }
        Files.writeString(input.resolve("text.mp4"), "no film at all");
        expected = run("whole", "null", 1);
        assertTrue(expected.get(CurateManifest.CLIPS).size() > 4, expected.toString());
    }

    private CurateConfig config(String output, String part) {
        return ConfigLoader.parse(
                        CurateConfig.class,
                        "test.yaml",
                        String.join(
                                "\n",
                                "input: '" + input + "'",
                                "output: '" + output + "'",
                                "detectors: {content: {}, threshold: {}}",
                                "signals: {part: " + part + "}",
                                ""),
                        List.of())
                .config();
    }

    /** Curates a shuffled table of paths with so many partitions; returns the tables. */
    private Map<String, List<String>> run(String name, String part, int partitions) throws IOException {
        curate(config(folder.resolve(name).toString(), part), partitions);
        return tables(folder.resolve(name));
    }

    private static void curate(CurateConfig config, int partitions) throws IOException {
        SparkSession session = LocalSpark.session().newSession();
        session.conf().set("spark.sql.shuffle.partitions", partitions);
        List<String> paths = new ArrayList<>(List.of("freeze-black.mp4", "open-gop.mp4", "text.mp4"));
        Collections.shuffle(paths, new Random(partitions));
        Dataset<Row> table =
                session.createDataset(paths, Encoders.STRING()).toDF("path").repartition(partitions);
        Configuration hadoop = session.sparkContext().hadoopConfiguration();
        CurateRun.execute(config, CurateRun.prepare(config, table, hadoop), session, FolderLease.none());
    }

    /** Rows of each table in order, without the times that differ from run to run. */
    private static Map<String, List<String>> tables(Path output) throws IOException {
        CurateManifest manifest = CurateManifest.find(new HadoopStorage(new Configuration(), output.toString()))
                .orElseThrow();
        Map<String, List<String>> tables = new TreeMap<>();
        for (String name :
                List.of(CurateManifest.VIDEOS, CurateManifest.SHOTS, CurateManifest.CLIPS, CurateManifest.QUARANTINE)) {
            tables.put(
                    name,
                    LocalSpark.session()
                            .read()
                            .parquet(output.resolve(manifest.folder(name)).toString())
                            .drop("when")
                            .toJSON()
                            .collectAsList()
                            .stream()
                            .sorted()
                            .toList());
        }
        tables.put(
                CurateManifest.SIGNALS,
                LocalSpark.session()
                        .read()
                        .parquet(output.resolve(CurateManifest.SIGNALS + "/" + manifest.signals())
                                .toString())
                        .drop("when", "run")
                        .toJSON()
                        .collectAsList()
                        .stream()
                        .sorted()
                        .toList());
        return tables;
    }

    @Test
    void eightPartitionsAndParts() throws IOException {
        assertEquals(expected, run("eight", "1.0", 8));
    }

    /** The driver ends before it has measured all parts; another one takes up what is there. */
    @Test
    void aKilledRunGoesOn() throws IOException {
        Configuration hadoop = LocalSpark.session().sparkContext().hadoopConfiguration();
        SteppedStore.serveIn(hadoop);
        Path output = Files.createDirectories(folder.resolve("killed"));
        CurateConfig config = config(SteppedStore.address(output), "1.0");
        SteppedStore.begin("v[0-9]+-.*", 0, step -> {});
        try {
            curate(config, 2);
        } catch (IOException | RuntimeException e) {
            assertTrue(SteppedStore.hasEnded(), e.toString());
        }
        assertTrue(SteppedStore.hasEnded());
        SteppedStore.begin("", Integer.MAX_VALUE, null);
        List<Path> parts;
        try (Stream<Path> files = Files.walk(output.resolve("parts"))) {
            parts = files.filter(file -> file.toString().endsWith(".parquet"))
                    .sorted()
                    .toList();
        }
        assertTrue(parts.size() >= 3, parts.toString());
        Files.delete(parts.get(1));
        try (Stream<Path> files = Files.walk(output.resolve("signals"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
        assertEquals(expected, run("killed", "1.0", 2));
        assertFalse(Files.exists(output.resolve("parts/")));
    }
}
