// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.write.VideoWriter;
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
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
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

    private static final String PARTITIONS = "spark.sql.shuffle.partitions";

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
        SparkSession session = LocalSpark.session();
        String before = session.conf().get(PARTITIONS);
        session.conf().set(PARTITIONS, partitions);
        try {
            List<String> paths = new ArrayList<>(List.of("freeze-black.mp4", "open-gop.mp4", "text.mp4"));
            Collections.shuffle(paths, new Random(partitions));
            Dataset<Row> table =
                    session.createDataset(paths, Encoders.STRING()).toDF("path").repartition(partitions);
            Configuration hadoop = session.sparkContext().hadoopConfiguration();
            CurateRun.execute(config, CurateRun.prepare(config, table, hadoop), session, FolderLease.none());
        } finally {
            session.conf().set(PARTITIONS, before);
        }
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
    @Tag("slow")
    void eightPartitionsAndParts() throws IOException {
        assertEquals(expected, run("eight", "1.0", 8));
    }

    /** Three hours are measured in 18 parts; every cut is found where it was made. */
    @Test
    @Tag("slow")
    @Timeout(1200)
    void aFilmOfThreeHours() throws Exception {
        int fps = 12;
        int shot = 20 * fps;
        int frames = 3 * 3600 * fps;
        Path films = Files.createDirectories(folder.resolve("long"));
        byte[] rgb = new byte[3 * 160 * 90];
        try (VideoWriter writer = VideoWriter.mp4(films.resolve("long.mp4"), 160, 90, fps)) {
            for (int frame = 0; frame < frames; frame++) {
                int colour = 60 + 90 * (frame / shot % 2);
                Arrays.fill(rgb, (byte) colour);
                int row = frame % 80;
                Arrays.fill(rgb, 3 * 160 * row, 3 * 160 * (row + 10), (byte) (colour + 40)); // something moves
                writer.write(rgb);
            }
        }
        Path output = folder.resolve("long curated");
        CurateConfig config = ConfigLoader.parse(
                        CurateConfig.class,
                        "test.yaml",
                        "input: '" + films + "'\noutput: '" + output + "'\n",
                        List.of())
                .config();
        Configuration hadoop = new Configuration();
        CurateManifest manifest =
                CurateRun.execute(config, CurateRun.prepare(config, hadoop), LocalSpark.session(), FolderLease.none());
        assertEquals(
                IntStream.range(0, frames / shot).mapToObj(i -> i * shot).toList(),
                LocalSpark.session()
                        .read()
                        .parquet(output.resolve(manifest.folder(CurateManifest.SHOTS))
                                .toString())
                        .orderBy("start_frame")
                        .select("start_frame")
                        .as(Encoders.INT())
                        .collectAsList());
        assertEquals(frames / shot, manifest.counts().clips());
        assertEquals(3 * 3600, manifest.counts().videoSeconds(), 0.1);
    }

    /** The driver ends before it has measured all parts; another one takes up what is there. */
    @Test
    void aKilledRunGoesOn() throws IOException {
        Configuration hadoop = LocalSpark.session().sparkContext().hadoopConfiguration();
        SteppedStore.serveIn(hadoop);
        Path output = Files.createDirectories(folder.resolve("killed"));
        CurateConfig config = config(SteppedStore.address(output), "1.0");
        SteppedStore.begin("parts", 0, step -> {});
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
        assertTrue(parts.size() >= 2, parts.toString());
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
