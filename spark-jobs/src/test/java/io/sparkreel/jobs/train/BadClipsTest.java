// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.error.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clips that go bad after they were bucketed. */
@Timeout(600)
class BadClipsTest {
    private static final int CLIPS = 2000;

    @TempDir
    static Path work;

    private static List<Path> pictures;

    @BeforeAll
    static void bucket() throws Exception {
        pictures = TrainingData.pictures(work.resolve("pictures"), CLIPS);
        BucketedMedia.run(BucketedMedia.config(
                work.resolve("pictures"),
                work.resolve("data"),
                "resolutions: {tiny: {pixels: 1024, ratios: {\"1.00\": [32, 32]}}}",
                "bucket_config: {tiny: {1: [1.0, 50]}}"));
    }

    /** Makes every so many of the pictures undecodable, at their old length. */
    private static Set<String> spoil(int every) throws IOException {
        Random random = new Random(every);
        for (int i = 0; i < CLIPS; i += every) {
            byte[] noise = new byte[(int) Files.size(pictures.get(i))];
            random.nextBytes(noise);
            Files.write(pictures.get(i), noise);
        }
        return java.util.stream.IntStream.iterate(0, i -> i < CLIPS, i -> i + every)
                .mapToObj(i -> pictures.get(i).getFileName().toString())
                .collect(Collectors.toSet());
    }

    private static List<String> quarantine(Path run) {
        return LocalSpark.session().read().parquet(run.resolve("quarantine").toString()).collectAsList().stream()
                .map((Row row) -> {
                    assertEquals("decode", row.getAs("stage"));
                    String uri = row.getAs("uri");
                    return uri.substring(uri.lastIndexOf('/') + 1);
                })
                .toList();
    }

    @Test
    void someAreBorneManyEndTheRunAndAllAtOnce() throws Exception {
        Set<String> few = spoil(100);
        Path ends = work.resolve("ends");
        TrainingData.train(TrainingData.config(work.resolve("data"), ends, "epochs: 2", "micro_batches_per_step: 4"));
        assertEquals(20, TrainingData.losses(ends).size());
        assertEquals(20, quarantine(ends).size(), "each once, though both epochs met them");
        assertEquals(few, Set.copyOf(quarantine(ends)));

        spoil(5);
        Path stops = work.resolve("stops");
        UserError many = assertThrows(
                UserError.class,
                () -> TrainingData.train(
                        TrainingData.config(work.resolve("data"), stops, "epochs: 2", "micro_batches_per_step: 1")));
        assertTrue(
                many.getMessage().contains("more than max_bad_clips 0.1 allows")
                        && many.getMessage()
                                .contains(stops.resolve("quarantine").toString()),
                many.getMessage());
        assertTrue(TrainingData.losses(stops).size() < 40, "it went on for all of an epoch");
        List<String> found = quarantine(stops);
        assertEquals(found.size(), Set.copyOf(found).size());
        assertTrue(many.getMessage().contains(" " + found.size() + " of "), many.getMessage());

        spoil(1);
        Path fails = work.resolve("fails");
        UserError all = assertThrows(
                UserError.class,
                () -> TrainingData.train(
                        TrainingData.config(work.resolve("data"), fails, "epochs: 2", "micro_batches_per_step: 1")));
        assertTrue(all.getMessage().contains("50 of 50 clips could not be read"), all.getMessage());
    }

    @Test
    void aFewBadClipsInTheFirstStepAreBadLuck() {
        BadClips bad = new BadClips(0.1, 0, 0);
        bad.count(4, 3);
        assertTrue(bad.tooMany(false).isEmpty());
        assertFalse(bad.tooMany(true).isEmpty(), "at the end of an epoch, a count is what it is");
        BadClips all = new BadClips(0.1, 0, 0);
        all.count(4, 0);
        assertEquals(
                "4 of 4 clips could not be read, more than max_bad_clips 0.1 allows",
                all.tooMany(false).orElse(""));
        BadClips none = new BadClips(0, 0, 0);
        none.count(1000, 999);
        assertFalse(none.tooMany(false).isEmpty());
        BadClips many = new BadClips(0.1, 0, 0);
        many.count(999, 890);
        assertTrue(many.tooMany(false).isEmpty());
        many.count(2, 2);
        assertFalse(many.tooMany(false).isEmpty());
    }
}
