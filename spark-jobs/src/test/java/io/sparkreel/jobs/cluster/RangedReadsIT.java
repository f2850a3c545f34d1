// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.media.write.VideoWriter;
import io.sparkreel.jobs.Launcher;
import io.sparkreel.jobs.LocalSpark;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Of a film in an object store no more is fetched than a range of it needs: headers, and the group of pictures. */
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RangedReadsIT {
    private static final Path ROOT = Path.of(System.getProperty("project.root"));
    private static final Path WORK = ROOT.resolve("target/ranged-reads-it");
    private static final int FPS = 12;
    private static final int WIDTH = 320;
    private static final int HEIGHT = 240;

    private static void writeFilm(Path file, int frames) throws Exception {
        Random random = new Random(3);
        byte[] rgb = new byte[3 * WIDTH * HEIGHT];
        try (VideoWriter writer = VideoWriter.mp4(file, WIDTH, HEIGHT, FPS)) {
            for (int i = 0; i < frames; i++) {
                random.nextBytes(rgb);
                for (int at = 0; at < rgb.length; at++) {
                    rgb[at] &= 31; // more is too much for the encoder
                }
                writer.write(rgb);
            }
        }
    }

    @Test
    void aRangeAtTheEndOfAFilm() throws Exception {
        rangeAtTheEnd(960, 0.2);
    }

    @Test
    @Tag("slow")
    void aRangeAtTheEndOfAFilmOf500Megabytes() throws Exception {
        rangeAtTheEnd(10_800, 0.05);
    }

    /** Bucketing probes the film, finds the frames of the seconds, decodes all of them and makes a picture. */
    private static void rangeAtTheEnd(int frames, double most) throws Exception {
        Map<String, String> environment = new HashMap<>(ObjectStore.environment());
        environment.put("SPARKREEL_CACHE", WORK.resolve("cache").toString());
        Launcher launcher = new Launcher(ROOT, WORK, environment);
        launcher.begin();
        try (ObjectStore store = new ObjectStore(WORK, FaultProxy.Faults.NONE, 11)) {
            Launcher.Ended fetched = launcher.launch("fetch-s3a", List.of());
            Launcher.assertDone(fetched);
            String jars = fetched.output().lines().reduce((first, last) -> last).orElseThrow();
            Path film = WORK.resolve("film.mp4");
            writeFilm(film, frames);
            store.put("films/film.mp4", film);
            double end = (double) frames / FPS;
            store.put(
                    "films/table.csv",
                    "path,text,start_s,end_s\nfilm.mp4,the end,%s,%s\n"
                            .formatted(end - 1.5, end)
                            .getBytes(StandardCharsets.UTF_8));
            Path config = Files.writeString(
                    WORK.resolve("bucketing.yaml"), "bucket_config: {144p: {4: [1.0, 1]}}\nverify: full\n");
            List<String> arguments = new ArrayList<>(store.options());
            arguments.addAll(List.of("--jars", jars, "--config", config.toString()));
            arguments.addAll(List.of("--input", ObjectStore.uri("films/table.csv")));
            arguments.addAll(List.of("--output", ObjectStore.uri("data")));
            Launcher.assertDone(launcher.onCluster("bucketing", "local[1]", arguments.toArray(String[]::new)));
            Row clip = LocalSpark.session()
                    .read()
                    .parquet(store.file("data/clips").toString())
                    .head();
            assertEquals(frames - 18, clip.<Integer>getAs("start_frame"));
            assertEquals(frames, clip.<Integer>getAs("end_frame"));
            long fetchedBytes = store.proxy.answered("/films/film.mp4");
            long length = Files.size(film);
            assertTrue(fetchedBytes > 0 && fetchedBytes < most * length, () -> fetchedBytes + " of " + length);
            System.out.println(fetchedBytes + " bytes of " + length + " were fetched");
        }
    }
}
