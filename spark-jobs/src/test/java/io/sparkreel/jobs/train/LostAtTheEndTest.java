// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkreel.jobs.BucketedMedia;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.spark.StopSignal;
import io.sparkreel.jobs.storage.FolderLease;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A rank that is lost when the last checkpoint has been committed and before the rank itself has ended. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostAtTheEndTest {
    private static final int STEPS = 3;
    private static final String IMPLEMENTATION = "fs.failing.impl";

    @TempDir
    static Path work;

    /**
     * The local disk as a store that fails once, in the call that follows on the commit of the last checkpoint: the
     * ranks' lists of what they have written are removed.
     */
    public static final class FailingStore extends RawLocalFileSystem {
        static final AtomicInteger CALLS = new AtomicInteger();
        static final AtomicInteger FULL = new AtomicInteger();
        static volatile boolean isFull;

        @Override
        public URI getUri() {
            return URI.create("failing:///");
        }

        @Override
        public String getScheme() {
            return "failing";
        }

        @Override
        public boolean delete(org.apache.hadoop.fs.Path file, boolean recursive) throws IOException {
            if (file.toString().endsWith("global_step" + STEPS + "/written") && CALLS.getAndIncrement() == 0) {
                if (!exists(new org.apache.hadoop.fs.Path(file.getParent(), "manifest.json"))) {
                    throw new IllegalStateException("the checkpoint is not committed yet");
                }
                throw new IOException("the rank is lost now");
            }
            return super.delete(file, recursive);
        }

        @Override
        public FSDataOutputStream create(
                org.apache.hadoop.fs.Path file,
                boolean overwrite,
                int bufferSize,
                short replication,
                long blockSize,
                Progressable progress)
                throws IOException {
            if (isFull && file.getName().equals("model.safetensors")) {
                FULL.incrementAndGet();
                throw new Error(new IOException("No space left on device")); // as Hadoop does
            }
            return super.create(file, overwrite, bufferSize, replication, blockSize, progress);
        }
    }

    @BeforeAll
    static void bucket() throws Exception {
        TrainingData.pictures(work.resolve("pictures"), 8);
        BucketedMedia.run(BucketedMedia.config(
                work.resolve("pictures"),
                work.resolve("data"),
                "resolutions: {tiny: {pixels: 1024, ratios: {\"1.00\": [32, 32]}}}",
                "bucket_config: {tiny: {1: [1.0, 2]}}"));
    }

    private static void train(Path run) throws Exception {
        Configuration hadoop = LocalSpark.session().sparkContext().hadoopConfiguration(); // which the ranks get as well
        hadoop.set(IMPLEMENTATION, FailingStore.class.getName());
        try {
            TrainingRun.prepare(
                            TrainingData.config(
                                    work.resolve("data"),
                                    Path.of("failing:" + run),
                                    "max_steps: " + STEPS,
                                    "max_restarts: 1"),
                            hadoop)
                    .execute(LocalSpark.session(), new StopSignal(), FolderLease.none());
        } finally {
            hadoop.unset(IMPLEMENTATION);
        }
    }

    /** Starting again would fail in the same way, and what is said last would name no place. */
    @Test
    void aFullDiskEndsTheRunWithItsOwnWords() throws Exception {
        Path run = work.resolve("full");
        FailingStore.isFull = true;
        try {
            String why = assertThrows(UserError.class, () -> train(run)).getMessage();
            assertTrue(
                    why.startsWith("Cannot write a checkpoint into failing:") && why.contains("/full: No space"), why);
            assertTrue(why.contains("No space left on device. See that there is space"), why);
        } finally {
            FailingStore.isFull = false;
        }
        assertEquals(1, FailingStore.FULL.get(), "the ranks were not started again");
    }

    @Test
    void theNextAttemptHasNoStepToTakeAndEndsTheRun() throws Exception {
        Path run = work.resolve("run");
        train(run);
        assertEquals(1, FailingStore.CALLS.get(), "the second attempt has nothing to save");
        assertEquals(List.of(1L, 2L, 3L), List.copyOf(TrainingData.losses(run).keySet()));
        List<JsonNode> told = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve("log.jsonl"))) {
            told.add(new ObjectMapper().readTree(line));
        }
        assertEquals(
                List.of("step", "step", "step", "checkpoint", "restart", "end"),
                told.stream().map(line -> line.get("event").asText()).toList());
        String restart = told.get(4).get("message").asText();
        assertTrue(restart.startsWith("The ranks failed: Cannot write a checkpoint into failing:"), restart);
        assertTrue(restart.contains("the rank is lost now") && restart.endsWith("global_step3"), restart);
        assertTrue(
                told.get(5).get("message").asText().matches("Trained 3 steps; the last checkpoint is .*global_step3"),
                told.get(5)::toString);
    }
}
